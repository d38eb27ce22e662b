"""One request and its response, as the tap sees them."""

from __future__ import annotations

import os
import time
from typing import Any

Headers = list[tuple[bytes, bytes]]


class Exchange:
    """What is known of one exchange; the tee fills it, the writer thread turns it into a row.

    Only references are kept while the request runs. Whatever costs more than a few
    nanoseconds (names, masks, text) waits for the writer thread (`tap.record`).
    """

    __slots__ = (
        "aborted", "duration_ms", "error", "first_byte_ms", "headers_ms", "id", "method", "model",
        "path", "query", "request_body", "request_bytes", "request_headers", "request_read",
        "request_truncated", "response_body", "response_bytes", "response_headers", "response_note",
        "response_truncated", "route", "source", "started", "started_at", "status",
    )  # fmt: skip

    def __init__(self, source: str, model: str, method: str, path: str, query: bytes) -> None:
        self.source = source
        self.model = model
        self.method = method
        self.path = path
        self.query = query
        self.started = time.perf_counter()
        self.started_at = time.time()
        self.id: str | None = None
        self.route: Any = None
        self.status: int | None = None
        self.error: BaseException | None = None
        self.headers_ms: float | None = None
        self.first_byte_ms: float | None = None
        self.duration_ms: float | None = None
        self.request_headers: Any = ()
        self.response_headers: Any = ()
        # A body that came in one piece is that very object; more pieces share one bytearray.
        self.request_body: bytes | bytearray = b""
        self.response_body: bytes | bytearray = b""
        self.response_note: str | None = None
        self.request_bytes = 0
        self.response_bytes = 0
        self.request_read = False
        self.request_truncated = False
        self.response_truncated = False
        self.aborted = False

    def elapsed_ms(self) -> float:
        """Milliseconds since the exchange began."""
        return (time.perf_counter() - self.started) * 1000

    def add_request(self, piece: bytes, limit: int) -> None:
        """Keep `piece` of the request's body, `limit` bytes in all."""
        kept = self.request_bytes
        self.request_bytes = kept + len(piece)
        if self.request_bytes <= limit:
            self.request_body = joined(self.request_body, piece)
        elif limit:
            self.request_truncated = True
            if kept < limit:
                self.request_body = joined(self.request_body, piece[: limit - kept])

    def add_response(self, piece: bytes, limit: int) -> None:
        """Keep `piece` of the response's body, `limit` bytes in all."""
        kept = self.response_bytes
        if not kept:
            self.first_byte_ms = (time.perf_counter() - self.started) * 1000
        self.response_bytes = kept + len(piece)
        if self.response_bytes <= limit:
            self.response_body = joined(self.response_body, piece)
        elif limit:
            self.response_truncated = True
            if kept < limit:
                self.response_body = joined(self.response_body, piece[: limit - kept])


def joined(kept: bytes | bytearray, piece: bytes) -> bytes | bytearray:
    """Append `piece` to `kept`, copying nothing for the first and each byte once afterwards."""
    if not kept:
        return piece if type(piece) is bytes else bytes(piece)
    if type(kept) is bytearray:
        kept += piece
        return kept
    return bytearray(kept) + piece


class IdSource:
    """UUIDv7 texts, unique across processes: a random start per process, then a counter.

    RFC 9562 lets the 62 low bits be a seeded counter; reading the kernel's random numbers
    for each request would cost more than the rest of the tee.

    >>> ids = IdSource()
    >>> first, second = ids.next(1_362_355_200.0), ids.next(1_362_355_200.0)
    >>> len(first), first[14], first != second
    (36, '7', True)
    """

    def __init__(self) -> None:
        self._pid = 0
        self._count = 0
        self._middle = ""

    def next(self, seconds: float) -> str:
        """Return a new id for an exchange that began at `seconds` since the Unix epoch."""
        if self._pid != os.getpid():
            self._seed()
        self._count = count = (self._count + 1) & 0xFFFF_FFFF_FFFF
        time_hex = f"{int(seconds * 1000):012x}"
        return f"{time_hex[:8]}-{time_hex[8:]}-{self._middle}-{count:012x}"

    def _seed(self) -> None:
        noise = int.from_bytes(os.urandom(10), "big")
        self._count = noise & 0xFFFF_FFFF_FFFF
        random_a, random_b = (noise >> 48) & 0xFFF, (noise >> 60) & 0x3FFF
        self._middle = f"7{random_a:03x}-{0x8000 | random_b:04x}"
        self._pid = os.getpid()
