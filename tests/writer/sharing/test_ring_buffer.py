"""A ring buffer: all bytes arrive once and in order, also between two processes."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modeltap.writer.sharing import ring_buffer
from modeltap.writer.sharing.ring_buffer import SIZE, RingBuffer


@pytest.fixture
def both():
    """Both sides of a ring buffer."""
    descriptor = RingBuffer.create()
    sides = RingBuffer(descriptor), RingBuffer(descriptor)
    os.close(descriptor)
    yield sides
    for side in sides:
        side.close()


@given(st.lists(st.tuples(st.integers(0, SIZE), st.booleans()), max_size=30))
def test_bytes_arrive_in_order_or_are_refused_as_a_whole(steps):
    descriptor = RingBuffer.create()
    ours, theirs = RingBuffer(descriptor), RingBuffer(descriptor)
    os.close(descriptor)
    held = b""
    for number, (size, is_read) in enumerate(steps):
        data = bytes([number]) * size
        fits = len(held) + size <= SIZE
        assert ours.put(data) == fits
        held += data * fits
        assert (theirs.used(), ours.space()) == (len(held), SIZE - len(held))
        if is_read:
            assert theirs.take() == held
            held = b""
    assert theirs.take() == held
    ours.close()
    theirs.close()


def test_a_full_buffer_takes_more_after_it_was_read(both):
    ours, theirs = both
    assert ours.put(b"a" * SIZE) and not ours.put(b"b")
    assert theirs.take() == b"a" * SIZE
    assert ours.put(b"b") and theirs.take() == b"b"


def test_a_reader_does_not_fall_asleep_over_unread_bytes(both):
    ours, theirs = both
    assert theirs.fall_asleep() and ours.has_sleeping_reader()
    theirs.wake_up()
    ours.put(b"a")
    assert not theirs.fall_asleep() and not ours.has_sleeping_reader()


@pytest.mark.parametrize("in_order", [True, False])
def test_with_and_without_the_barriers_of_other_processors(both, in_order, monkeypatch):
    monkeypatch.setattr(ring_buffer, "IN_ORDER", in_order)
    ours, theirs = both
    sent = [bytes([n % 256]) * 1000 * n for n in range(200)]
    assert [ours.put(data) and theirs.take() for data in sent] == sent


READER = """
import hashlib, os, sys
from modeltap.writer.sharing.ring_buffer import RingBuffer

buffer, total, digest = RingBuffer(int(sys.argv[1])), int(sys.argv[2]), hashlib.sha256()
while total:
    if data := buffer.take():
        digest.update(data)
        total -= len(data)
    elif buffer.fall_asleep():
        os.read(0, 1000)
        buffer.wake_up()
print(digest.hexdigest())
"""


def test_a_process_reads_what_another_one_writes_meanwhile():
    """It is never left asleep over unread bytes: such a test would not end."""
    pieces = [os.urandom(1 + n * 7919 % 5000) for n in range(500)] * 20
    descriptor = RingBuffer.create()
    buffer = RingBuffer(descriptor)
    with subprocess.Popen(
        [sys.executable, "-c", READER, str(descriptor), str(sum(map(len, pieces)))],
        pass_fds=(descriptor,),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        bufsize=0,
    ) as reader:
        os.close(descriptor)
        assert reader.stdin is not None and reader.stdout is not None
        for piece in pieces:
            while not buffer.put(piece):
                assert reader.poll() is None
            buffer.barrier()
            if buffer.has_sleeping_reader():
                reader.stdin.write(b".")
        # Not closed before, because the end of its input would wake the reader, too.
        assert reader.stdout.readline().decode().strip() == digest_of(pieces)
    buffer.close()


def digest_of(pieces):
    return hashlib.sha256(b"".join(pieces)).hexdigest()
