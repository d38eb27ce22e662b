"""Entries of another tool's log: exchanges, requests or responses alone, and labels."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

Side = Literal["request", "response"]


@dataclass(slots=True, kw_only=True)
class Logged:
    """One exchange as another tool logged it; with a `side` it is only its request or response.

    Bodies are as they were on the wire; None where the log has none.
    """

    source: str
    key: str
    """Identifies the exchange: an entry with a known key adds nothing."""
    time: float | None
    """Unix seconds; None where the log, which should, tells none."""
    request: bytes | None = None
    response: bytes | None = None
    request_type: str | None = None
    response_type: str | None = None
    method: str = "IMPORT"
    path: str = ""
    request_id: str | None = None
    version: str = ""
    headers: Iterable[tuple[str, str]] = ()
    """The request's, names in lower case."""
    side: Side | None = None
    label: Any = None
    """The true value of its first row."""

    def size(self) -> int:
        """Return how many bytes of bodies it holds."""
        return len(self.request or b"") + len(self.response or b"")


@dataclass(slots=True, kw_only=True)
class Truth:
    """The true value of one row of the exchange `id`; `key` identifies the entry in its log."""

    source: str
    id: str
    value: Any
    key: str
    row: int = 0


Entry = Logged | Truth
