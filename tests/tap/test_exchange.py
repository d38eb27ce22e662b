"""An exchange: the recorded chunks, and the cost of recording them."""

from __future__ import annotations

import time

import pytest

from modeltap.tap.exchange import Exchange, IdSource


@pytest.fixture(params=["request", "response"])
def side(request):
    """One side of an exchange: the function that adds chunks, and the recorded body."""
    exchange = Exchange("asgi", "m", "POST", "/", b"")

    def add(chunk, limit=10**6):
        getattr(exchange, f"add_{request.param}")(chunk, limit)
        return getattr(exchange, f"{request.param}_body")

    return add


def test_a_body_in_one_chunk_is_that_object(side):
    """Nothing is copied."""
    chunk = b"whole"
    assert side(chunk) is chunk


def test_each_small_chunk_is_copied_once(side):
    """Chunks are appended to one buffer, which is not recreated for each chunk."""
    side(b"a")
    buffer = side(b"b")
    assert type(buffer) is bytearray
    kept = {id(side(b"cd")) for _ in range(10_000)}
    assert kept == {id(buffer)} and buffer == b"ab" + b"cd" * 10_000


def test_chunks_beyond_the_limit_are_only_counted(side):
    """They are neither copied nor sliced."""

    class Chunk(bytes):
        def __getitem__(self, place):
            raise AssertionError("the chunk is not read")

    side(b"a", 4)
    buffer = side(b"bcdef", 4)
    for _ in range(1000):
        assert side(Chunk(b"more"), 4) is buffer
    assert buffer == b"abcd"


def test_a_servers_buffer_is_copied_before_it_is_reused(side):
    """Some servers reuse the buffer for the next chunk."""
    reused = bytearray(b"first")
    kept = side(reused)
    reused[:] = b"other"
    assert kept == b"first"


def test_ids_are_unique_and_sort_by_time():
    """UUIDv7, RFC 9562."""
    ids = IdSource()
    made = [ids.next(time.time()) for _ in range(10_000)]
    assert len(set(made)) == 10_000
    assert all(id_[14] == "7" and id_[19] in "89ab" for id_ in made)
    assert ids.next(1.0) < ids.next(2.0)
