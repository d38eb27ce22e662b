"""Exchanges: one request and its response, as captured by the tap, and their ids."""

from __future__ import annotations

import itertools
import os
import weakref
from array import array
from math import floor
from time import perf_counter

import msgspec

from modeltap.writer.records import MAX_TEXT, CapturedRecord
from modeltap.writer.sharing.shared_memory import process_mark

ROUTE = "modeltap.route"
"""The key under which a framework's plugin stores the route in the ASGI scope or WSGI environ."""

MAX_CHUNKS = 4096
"""Chunks of a response that are timed, in at most 64 KB; further chunks are only counted."""

_TICK_SECONDS = 1 / 16
"""The resolution of the time in ids. Most requests of a busy app share their id's first part."""


class Exchange(CapturedRecord, array_like=True, gc=False):
    """A running exchange: the record that the tap fills, and what it needs meanwhile.

    Bodies are references to the app's chunks. Work that costs more than a few nanoseconds (masks,
    text) is done after the response was sent. Its fields must not refer to objects that may refer
    to it, because the garbage collector does not visit it.
    """

    # A body in one chunk is that chunk itself; several chunks are joined in one bytearray.

    started: float = msgspec.field(default_factory=perf_counter)
    chunk_times: array[float] | None = None
    """For a response in several chunks: time in ms and total bytes at the end of each chunk."""
    chunk_count: int = 1

    def elapsed_ms(self) -> float:
        """Return the milliseconds since the exchange began."""
        return (perf_counter() - self.started) * 1000.0

    def fail(self, error: BaseException) -> None:
        """Note the exception of the app."""
        self.error_type = type(error).__qualname__
        self.error_message = _message_of(error)

    def failed(self) -> bool:
        """Return True if the app raised or the response status is 500 or more."""
        return self.error_type is not None or (self.status or 0) >= 500

    def add_request(self, chunk: bytes, limit: int) -> None:
        """Add `chunk` to the request's body, which keeps `limit` bytes in total."""
        kept = self.request_bytes
        self.request_bytes = total = kept + len(chunk)
        if total <= limit:
            body = self.request_body
            self.request_body = joined(body, chunk) if body or type(chunk) is not bytes else chunk
        elif limit:
            self.request_truncated = True
            if kept < limit:
                self.request_body = joined(self.request_body, chunk[: limit - kept])

    def forget_request(self) -> None:
        """Remove the request's body, which the app begins to read again."""
        self.request_body, self.request_bytes = b"", 0
        self.request_truncated = self.request_read = False

    def add_response(self, chunk: bytes, limit: int) -> None:
        """Add `chunk` to the response's body, which keeps `limit` bytes in total."""
        kept = self.response_bytes
        self.response_bytes = total = kept + len(chunk)
        if not kept:
            self.first_byte_ms = (perf_counter() - self.started) * 1000.0
        else:
            self._note_chunk(kept, total)
        if total <= limit:
            body = self.response_body
            self.response_body = joined(body, chunk) if body or type(chunk) is not bytes else chunk
        elif limit:
            self.response_truncated = True
            if kept < limit:
                self.response_body = joined(self.response_body, chunk[: limit - kept])

    def _note_chunk(self, kept: int, total: int) -> None:
        if self.chunk_times is None:
            self.chunk_times = array("d", (self.first_byte_ms or 0.0, kept))
        self.chunk_count += 1
        if self.chunk_count <= MAX_CHUNKS:
            self.chunk_times.extend(((perf_counter() - self.started) * 1000, total))


def joined(kept: bytes | bytearray, chunk: bytes) -> bytes | bytearray:
    """Append `chunk` to `kept`; the first chunk is not copied, later bytes are copied once."""
    if not kept:
        return chunk if type(chunk) is bytes else bytes(chunk)
    if type(kept) is bytearray:
        kept += chunk
        return kept
    return bytearray(kept) + chunk


def _message_of(error: BaseException) -> str | None:
    try:
        return str(error)[:MAX_TEXT]
    except Exception:  # `__str__` of an app's exception may raise
        return None


class IdSource:
    """A source of UUIDv7 texts that are unique across processes: a random start, then a counter.

    RFC 9562 allows a seeded counter in the 62 low bits, and a coarser clock. Reading the kernel's
    random numbers for each request would cost more than the rest of the tap.

    >>> ids = IdSource()
    >>> first, second = ids.next(1_362_355_200.0), ids.next(1_362_355_200.0)
    >>> len(first), first[14], first != second
    (36, '7', True)
    """

    def __init__(self) -> None:
        self.seed()
        _sources.add(self)

    def seed(self) -> None:
        """Set a random start, on creation and in a forked child."""
        self._mark = process_mark()
        noise = int.from_bytes(os.urandom(10), "big")
        # A number of 12 hexadecimal digits, and still of 12 after any number of requests.
        self._counter = itertools.count(0x4000_0000_0000 | noise & 0x3FFF_FFFF_FFFF)
        random_a, random_b = (noise >> 48) & 0xFFF, (noise >> 60) & 0x3FFF
        self._middle = f"-7{random_a:03x}-{0x8000 | random_b:04x}-"
        self._tick = (0.0, 0.0, "")

    def next(self, seconds: float) -> str:
        """Return a new id for an exchange that began at `seconds` since the Unix epoch."""
        since, until, prefix = self._tick  # one attribute, because threads may replace it meanwhile
        if not since <= seconds < until:
            prefix = self._start_tick(seconds)
        return prefix + hex(next(self._counter))[2:]  # `next` is atomic

    def _start_tick(self, seconds: float) -> str:
        """Return the first 24 characters of ids in the clock's tick at `seconds`."""
        if not self._mark[0]:  # a fork by C code
            self.seed()
        tick = floor(seconds / _TICK_SECONDS)
        milliseconds = int(tick * _TICK_SECONDS * 1000) & 0xFFFF_FFFF_FFFF
        prefix = f"{milliseconds >> 16:08x}-{milliseconds & 0xFFFF:04x}{self._middle}"
        self._tick = (tick * _TICK_SECONDS, (tick + 1) * _TICK_SECONDS, prefix)
        return prefix


def _seed_all() -> None:
    for source in list(_sources):
        source.seed()


_sources: weakref.WeakSet[IdSource] = weakref.WeakSet()
os.register_at_fork(after_in_child=_seed_all)

ids = IdSource()
"""The source of ids of this process."""

new_id = ids.next
"""Returns a new id; bound once, because each call would look up a method of an imported object."""
