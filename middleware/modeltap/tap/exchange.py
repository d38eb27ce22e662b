"""One request and its response, as the tap sees them."""

from __future__ import annotations

import itertools
import os
import time
import weakref
from array import array
from collections.abc import Iterable
from typing import Any

ROUTE = "modeltap.route"
"""The key of the route that a framework's plugin leaves in the ASGI scope or WSGI environ."""

MAX_CHUNKS = 4096
"""Of how many chunks of a response the times are kept, in 64 KB at most; the rest are counted."""

Headers = Iterable[tuple[bytes | str, bytes | str]]
"""As ASGI has them, or as WSGI has them."""


class Exchange:
    """One exchange while it runs; the tap fills it.

    Only references are kept. Whatever costs more than a few nanoseconds (names, masks, text)
    waits until the response has left. Its attributes have the names of `CapturedRecord`'s fields.
    """

    # Defaults belong to the class: most exchanges never set them, which saves assignments.
    id: str | None = None
    route: Any = None
    status: int | None = None
    error: BaseException | None = None
    headers_ms: float | None = None
    first_byte_ms: float | None = None
    duration_ms: float | None = None
    response_headers: Headers = ()
    # A body that came in one chunk is that very object; more chunks share one bytearray.
    request_body: bytes | bytearray = b""
    response_body: bytes | bytearray = b""
    request_note: str | None = None
    response_note: str | None = None
    request_bytes = 0
    response_bytes = 0
    chunk_times: array[float] | None = None
    """Of a response in several chunks: when each had come, in ms, and the bytes up to its end."""
    chunk_count = 1
    request_read = False
    request_truncated = False
    response_truncated = False
    aborted = False
    sampled = True
    """False: it is tapped in case it fails, and otherwise forgotten."""

    # Worked out when it is over (`tap.packing`).
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
        """Milliseconds since the exchange began."""
        return (time.perf_counter() - self.started) * 1000

    def failed(self) -> bool:
        """Return True if it raised, or its response has a status of 500 or more."""
        return self.error is not None or (self.status or 0) >= 500

    def add_request(self, chunk: bytes, limit: int) -> None:
        """Keep `chunk` of the request's body, `limit` bytes in all."""
        kept = self.request_bytes
        self.request_bytes = total = kept + len(chunk)
        if total <= limit:
            self.request_body = joined(self.request_body, chunk)
        elif limit:
            self.request_truncated = True
            if kept < limit:
                self.request_body = joined(self.request_body, chunk[: limit - kept])

    def add_response(self, chunk: bytes, limit: int) -> None:
        """Keep `chunk` of the response's body, `limit` bytes in all."""
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
    """Append `chunk` to `kept`, copying nothing for the first and each byte once afterwards."""
    if not kept:
        return chunk if type(chunk) is bytes else bytes(chunk)
    if type(kept) is bytearray:
        kept += chunk
        return kept
    return bytearray(kept) + chunk


class IdSource:
    """UUIDv7 texts, unique across processes: a random start per process, then a counter.

    RFC 9562 lets the 62 low bits be a seeded counter; reading the kernel's random numbers
    for each request would cost more than the rest of the tap.

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
        """Begin anew at a random place: when made, and in a forked child."""
        noise = int.from_bytes(os.urandom(10), "big")
        self._counter = itertools.count(noise & 0x7FFF_FFFF_FFFF)
        random_a, random_b = (noise >> 48) & 0xFFF, (noise >> 60) & 0x3FFF
        self._middle = f"-7{random_a:03x}-{0x8000 | random_b:04x}-"
        self._millisecond = -1

    def next(self, seconds: float) -> str:
        """Return a new id for an exchange that began at `seconds` since the Unix epoch."""
        count = next(self._counter)  # one step even for threads at once
        millisecond = int(seconds * 1000)
        if millisecond != self._millisecond:
            text = f"{millisecond:012x}"
            # Two threads may do this at once: each text is right for one of their moments.
            self._millisecond = millisecond
            self._prefix = f"{text[:8]}-{text[8:]}{self._middle}"
        return f"{self._prefix}{count:012x}"


def _seed_all() -> None:
    for source in list(_sources):
        source.seed()


_sources: weakref.WeakSet[IdSource] = weakref.WeakSet()
os.register_at_fork(after_in_child=_seed_all)

ids = IdSource()
"""This process's ids."""
