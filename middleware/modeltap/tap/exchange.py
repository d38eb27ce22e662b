"""Exchanges: one request and its response, as captured by the tap, and their ids."""

from __future__ import annotations

import itertools
import os
import time
import weakref
from array import array
from collections.abc import Iterable
from typing import Any

ROUTE = "modeltap.route"
"""The key under which a framework's plugin stores the route in the ASGI scope or WSGI environ."""

MAX_CHUNKS = 4096
"""Chunks of a response that are timed, in at most 64 KB; further chunks are only counted."""

Headers = Iterable[tuple[bytes | str, bytes | str]]
"""Headers in the form of ASGI (bytes) or WSGI (text)."""


class Exchange:
    """A running exchange, which the tap fills.

    It stores references only. Work that costs more than a few nanoseconds (names, masks, text) is
    done after the response was sent. Attributes are named after the fields of `CapturedRecord`.
    """

    # Defaults are class attributes, which saves assignments because most exchanges never set them.
    id: str | None = None
    route: Any = None
    status: int | None = None
    error: BaseException | None = None
    headers_ms: float | None = None
    first_byte_ms: float | None = None
    duration_ms: float | None = None
    response_headers: Headers = ()
    # A body in one chunk is that chunk itself; several chunks are joined in one bytearray.
    request_body: bytes | bytearray = b""
    response_body: bytes | bytearray = b""
    request_note: str | None = None
    response_note: str | None = None
    request_bytes = 0
    response_bytes = 0
    chunk_times: array[float] | None = None
    """For a response in several chunks: time in ms and total bytes at the end of each chunk."""
    chunk_count = 1
    request_read = False
    request_truncated = False
    response_truncated = False
    aborted = False
    sampled = True
    """False if the exchange is recorded only if it fails."""

    # Set by `tap.packing` after the end of the exchange.
    origin = 0
    error_type: str | None = None
    error_message: str | None = None
    chunks: tuple[int, bytes] | None = None

    def __init__(
        self, source: str, model: str, method: str, path: str, query: bytes, headers: Headers = ()
    ) -> None:
        self.source = source
        self.model = model
        self.method = method
        self.path = path
        self.query = query
        self.request_headers = headers
        self.started_at = time.time()
        self.started = time.perf_counter()

    def elapsed_ms(self) -> float:
        """Return the milliseconds since the exchange began."""
        return (time.perf_counter() - self.started) * 1000

    def failed(self) -> bool:
        """Return True if the app raised or the response status is 500 or more."""
        return self.error is not None or (self.status or 0) >= 500

    def add_request(self, chunk: bytes, limit: int) -> None:
        """Add `chunk` to the request's body, which keeps `limit` bytes in total."""
        kept = self.request_bytes
        self.request_bytes = total = kept + len(chunk)
        if total <= limit:
            self.request_body = joined(self.request_body, chunk)
        elif limit:
            self.request_truncated = True
            if kept < limit:
                self.request_body = joined(self.request_body, chunk[: limit - kept])

    def add_response(self, chunk: bytes, limit: int) -> None:
        """Add `chunk` to the response's body, which keeps `limit` bytes in total."""
        kept = self.response_bytes
        self.response_bytes = total = kept + len(chunk)
        if not kept:
            self.first_byte_ms = (time.perf_counter() - self.started) * 1000
        else:
            self._note_chunk(kept, total)
        if total <= limit:
            self.response_body = joined(self.response_body, chunk)
        elif limit:
            self.response_truncated = True
            if kept < limit:
                self.response_body = joined(self.response_body, chunk[: limit - kept])

    def _note_chunk(self, kept: int, total: int) -> None:
        if self.chunk_times is None:
            self.chunk_times = array("d", (self.first_byte_ms or 0.0, kept))
        self.chunk_count += 1
        if self.chunk_count <= MAX_CHUNKS:
            self.chunk_times.extend(((time.perf_counter() - self.started) * 1000, total))


def joined(kept: bytes | bytearray, chunk: bytes) -> bytes | bytearray:
    """Append `chunk` to `kept`; the first chunk is not copied, later bytes are copied once."""
    if not kept:
        return chunk if type(chunk) is bytes else bytes(chunk)
    if type(kept) is bytearray:
        kept += chunk
        return kept
    return bytearray(kept) + chunk


class IdSource:
    """A source of UUIDv7 texts that are unique across processes: a random start, then a counter.

    RFC 9562 allows a seeded counter in the 62 low bits. Reading the kernel's random numbers for
    each request would cost more than the rest of the tap.

    >>> ids = IdSource()
    >>> first, second = ids.next(1_362_355_200.0), ids.next(1_362_355_200.0)
    >>> len(first), first[14], first != second
    (36, '7', True)
    """

    def __init__(self) -> None:
        self._millisecond = -1
        self._prefix = ""
        self.seed()
        _sources.add(self)

    def seed(self) -> None:
        """Set a random start, on creation and in a forked child."""
        noise = int.from_bytes(os.urandom(10), "big")
        self._counter = itertools.count(noise & 0x7FFF_FFFF_FFFF)
        random_a, random_b = (noise >> 48) & 0xFFF, (noise >> 60) & 0x3FFF
        self._middle = f"-7{random_a:03x}-{0x8000 | random_b:04x}-"
        self._millisecond = -1

    def next(self, seconds: float) -> str:
        """Return a new id for an exchange that began at `seconds` since the Unix epoch."""
        count = next(self._counter)  # atomic across threads
        millisecond = int(seconds * 1000)
        if millisecond != self._millisecond:
            text = f"{millisecond:012x}"
            # Two threads may do this at the same time: each text is valid for one of their times.
            self._millisecond = millisecond
            self._prefix = f"{text[:8]}-{text[8:]}{self._middle}"
        return f"{self._prefix}{count:012x}"


def _seed_all() -> None:
    for source in list(_sources):
        source.seed()


_sources: weakref.WeakSet[IdSource] = weakref.WeakSet()
os.register_at_fork(after_in_child=_seed_all)

ids = IdSource()
"""The source of ids of this process."""
