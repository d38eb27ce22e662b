"""The input of a WSGI app: recorded as it is read, by whatever method."""

from __future__ import annotations

import codecs
import io

import pytest

from modeltap.tap.exchange import Exchange
from modeltap.tap.wsgi_input import TappedInput


def into(source, size, method="readinto", of="B"):
    """Read with `readinto`, into a buffer of `size` bytes that holds items of the type `of`."""
    buffer = memoryview(bytearray(size))
    return bytes(buffer[: getattr(source, method)(buffer.cast(of))])


def read_by(read, source):
    """Return what an app gets when it reads an input, and the exchange that records it."""
    exchange = Exchange("wsgi", "m", "POST", "/", b"")
    return read(TappedInput(source, exchange, 100)), exchange


@pytest.mark.parametrize(
    "read",
    [
        lambda f: f.read(),
        lambda f: f.read(-1),
        lambda f: f.read(3) + f.read(100) + f.read(1),
        lambda f: b"".join(f),
        lambda f: b"".join(f.readlines()),
        lambda f: f.readline() + f.readline() + f.readline(),
        lambda f: b"".join(iter(lambda: f.read(2), b"")),
        lambda f: b"".join(iter(lambda: f.readline(3), b"")),
        lambda f: b"".join(iter(lambda: into(f, 4), b"")),
        lambda f: b"".join(iter(lambda: f.read1(2), b"")),
        lambda f: f.read1(0) + f.read1() + f.read1(1),
        lambda f: b"".join(iter(lambda: into(f, 4, "readinto1"), b"")),
        lambda f: into(f, 8, of="h")[:7] + f.read(),
        lambda f: "".join(io.TextIOWrapper(f)).encode(),
        lambda f: codecs.getreader("utf-8")(f).read().encode(),
        lambda f: (f.read(5) and f.seek(0)) or f.read(),
        lambda f: (f.read() and f.seek(-7, io.SEEK_END)) or f.read(3) + f.read(),
        lambda f: f.read(1) + f.readline() + into(f, 1) + b"".join(f),
    ],
)
def test_the_body_is_recorded_for_every_way_of_reading(read):
    """By the methods of PEP 3333, and by those that `io` adds; once, if it is read again."""
    got, exchange = read_by(read, io.BytesIO(b"one\ntwo"))
    assert got == exchange.request_body == b"one\ntwo"
    assert exchange.request_read or exchange.request_bytes == 7


@pytest.mark.parametrize(
    ("read", "kept"),
    [
        (lambda f: f.read(5), b"one\nt"),
        (lambda f: into(f, 5), b"one\nt"),
        (lambda f: f.readline(), b"one\n"),
        (lambda f: f.readline(2), b"on"),
        (lambda f: b"".join(f.readlines(1)), b"one\n"),
        (lambda f: f.read1(5), b"one\nt"),
        (lambda f: (f.read() and f.seek(0)) or f.read(2), b"on"),
        (lambda f: next(iter(f)), b"one\n"),
    ],
)
def test_unread_parts_of_a_body_are_not_recorded(read, kept):
    """The record has the size that was read, and is marked as not completely read."""
    got, exchange = read_by(read, io.BytesIO(b"one\ntwo"))
    assert got == exchange.request_body == kept
    assert exchange.request_bytes == len(kept) and not exchange.request_read


def test_a_long_body_is_cut():
    """The app gets all of it."""
    got, exchange = read_by(lambda f: f.read(60) + f.read(), io.BytesIO(b"x" * 200))
    assert got == b"x" * 200 and exchange.request_body == b"x" * 100
    assert exchange.request_truncated and exchange.request_bytes == 200


class ServersInput:
    """An input of a server whose methods take their arguments by name, and that has no `tell`."""

    def __init__(self, body):
        self._body = io.BytesIO(body)

    def read(self, size=None):
        return self._body.read(size)

    def read1(self, size=-1):
        return self._body.read1(size)

    def readline(self, size=None):
        return self._body.readline(size)

    def readlines(self, hint=None):
        return self._body.readlines(hint)

    def seek(self, offset, whence=0):
        self._body.seek(offset, whence)


@pytest.mark.parametrize(
    "read",
    [
        lambda f: f.read(size=7),
        lambda f: f.read(size=None),
        lambda f: f.read(size=7) + f.read(size=7),
        lambda f: f.read1(size=7),
        lambda f: f.readline(size=9) + f.readline(size=0) + f.readline(size=9),
        lambda f: b"".join(f.readlines(hint=None)),
        lambda f: f.seek(offset=0) or f.read(size=7) + f.read(),
        lambda f: (f.read(3) and f.seek(0)) or f.read(),
    ],
)
def test_arguments_by_name_reach_the_servers_input(read):
    """A call that works without the tap works with it, and is recorded."""
    got, exchange = read_by(read, ServersInput(b"one\ntwo"))
    assert got == exchange.request_body == b"one\ntwo"
    assert exchange.request_read or exchange.request_bytes == 7


def test_the_input_has_the_methods_of_the_servers_input():
    """`next` reads a line; `readinto` and others are present if the server's input has them."""

    class Lines:
        def __init__(self, *lines):
            self._lines = iter(lines)

        def __iter__(self):
            return self._lines

    def read(source):
        others = ("readinto", "readinto1", "read1", "readall", "seek", "peek")
        assert not any(hasattr(source, name) for name in others)
        return [next(source), next(source), next(source, None)]

    got, exchange = read_by(read, Lines(b"one\n", b"two"))
    assert got == [b"one\n", b"two", None]
    assert exchange.request_body == b"one\ntwo" and exchange.request_read


class Waiting(io.RawIOBase):
    """An input that has nothing yet, as a socket that does not wait."""

    def readable(self):
        return True

    def readinto(self, buffer):
        return None


def test_an_input_that_would_have_to_wait_is_not_at_its_end():
    got, exchange = read_by(lambda f: f.readinto(bytearray(4)), Waiting())
    assert got is None and not exchange.request_bytes and not exchange.request_read
