"""Entries of tables and of other tools' logs: exchanges, single sides of them, and labels."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import zip_longest
from typing import Any, Literal

import msgspec
from msgspec.structs import replace

_JSON = "application/json"

Side = Literal["request", "response"]


class Logged(msgspec.Struct, kw_only=True, gc=False):
    """An exchange that another tool logged; with a `side`, only its request or response.

    Bodies have the bytes that were sent; None if the log has no body.
    """

    source: str
    key: str
    """The identity of the exchange: an entry with a known key adds nothing."""
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

    def size(self) -> int:
        """Return the size of both bodies in bytes."""
        return len(self.request or b"") + len(self.response or b"")


class TableBlock(msgspec.Struct, kw_only=True, gc=False):
    """Consecutive rows of a table as exchanges, by column; bodies are JSON of its cells.

    Columns have a value for each row; an optional column may be empty instead.
    """

    source: str
    table: str = ""
    """The hash of the file if rows are identified by it and their `lines`, else by their `keys`."""
    lines: Sequence[int]
    keys: Sequence[str] = ()
    times: Sequence[float | None]
    requests: Sequence[str]
    responses: Sequence[str] = ()
    request_ids: Sequence[str | None] = ()
    labels: Sequence[Any] = ()
    names: tuple[str, ...]
    """The names of the columns in the bodies."""
    texts: Sequence[Sequence[str]] | None
    """Columns of all texts in the bodies, "" for other values; None if some may be nested."""

    def __len__(self) -> int:
        return len(self.lines)

    def size(self) -> int:
        """Return the size of all bodies in bytes."""
        return sum(map(len, self.requests)) + sum(map(len, self.responses))

    def common(self) -> Logged:
        """Return an entry with what all rows have in common."""
        return Logged(
            source=self.source,
            key="",
            time=0.0,
            request_type=_JSON,
            response_type=_JSON if self.responses else None,
        )

    def entries(self) -> Iterator[Logged]:
        """Yield the rows as entries, without their keys and labels."""
        common = self.common()
        for time, request, response, request_id in zip_longest(
            self.times, self.requests, self.responses, self.request_ids
        ):
            yield replace(
                common,
                time=time,
                request=request.encode(),
                response=None if response is None else response.encode(),
                request_id=request_id,
            )


class Truth(msgspec.Struct, kw_only=True, gc=False):
    """The true value of one row of the exchange `id`; `key` identifies the entry in its log."""

    source: str
    id: str
    value: Any
    key: str
    row: int = 0


Entry = Logged | TableBlock | Truth
