"""Entries of other tools' logs: exchanges, single requests or responses, and labels."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

import msgspec

Side = Literal["request", "response"]


class Logged(msgspec.Struct, kw_only=True, gc=False):
    """An exchange that another tool logged; with a `side`, only its request or response.

    Bodies have the bytes that were sent; None if the log has no body.
    """

    source: str
    key: str
    """The identity of the exchange: an entry with a known key adds nothing."""
    line: int | None = None
    """The entry's line if `key` is only its table; then both together are its identity."""
    time: float | None
    """Unix seconds; None if the entry lacks the time that it should have."""
    request: bytes | None = None
    response: bytes | None = None
    request_type: str | None = None
    response_type: str | None = None
    method: str = "IMPORT"
    path: str = ""
    request_id: str | None = None
    version: str = ""
    headers: Iterable[tuple[str, str]] = ()
    """The request's headers, with names in lower case."""
    side: Side | None = None
    label: Any = None
    """The true value of its first row."""
    texts: tuple[str, ...] | None = None
    """All names and texts in its bodies, if these are known to be JSON of table cells. Such an
    entry has a request and no headers."""

    def size(self) -> int:
        """Return the size of both bodies in bytes."""
        return len(self.request or b"") + len(self.response or b"")


class Truth(msgspec.Struct, kw_only=True, gc=False):
    """The true value of one row of the exchange `id`; `key` identifies the entry in its log."""

    source: str
    id: str
    value: Any
    key: str
    row: int = 0


Entry = Logged | Truth
