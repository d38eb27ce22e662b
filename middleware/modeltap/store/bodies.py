"""The bodies of a model's exchanges, including unmatched requests and responses."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

Content = str | bytes | None


MAX_BYTES = 64 * 1024 * 1024
"""Bytes of bodies that are read at once: a body may have any size, a chunk thousands of rows."""

_ROWS_AT_ONCE = 16
"""Rows that are read before their bodies are measured, which costs less for all of them."""


class RowPart(NamedTuple):
    """Rows of a query; `is_cut` is True if their bodies are so large that others may be missing."""

    rows: list[Any]
    is_cut: bool


def read_within(cursor: sqlite3.Cursor, places: Sequence[int]) -> RowPart:
    """Return the rows of a query, but only the first ones if their bodies exceed `MAX_BYTES`.

    Args:
        places: those of the bodies in a row.
    """
    rows: list[Any] = []
    size = 0
    while size < MAX_BYTES and (part := cursor.fetchmany(_ROWS_AT_ONCE)):
        rows += part
        for place in places:
            size += sum([len(row[place] or "") for row in part])
    cursor.close()  # an open one would prevent truncating the write-ahead log
    return RowPart(rows, size >= MAX_BYTES)


class StoredBodies(NamedTuple):
    """The bodies and the query string of an exchange; `seq` is 0 for an unmatched one."""

    seq: int
    id: str
    request_body: Content
    request_encoding: str | None
    response_body: Content
    response_encoding: str | None
    query: str | None

    def with_encodings(self) -> tuple[tuple[Content, str | None], tuple[Content, str | None]]:
        """Return the request's and the response's body, each with its Content-Encoding."""
        return (
            (self.request_body, self.request_encoding),
            (self.response_body, self.response_encoding),
        )


def bodies_after(
    connection: sqlite3.Connection, model: str, seq: int, limit: int
) -> list[StoredBodies]:
    """Return the bodies of the first exchanges of `model` after `seq`: `limit`, or fewer."""
    cursor = connection.execute(
        f"select {', '.join(StoredBodies._fields)} from exchanges where model = ? and seq > ? "
        "order by seq limit ?",
        (model, seq, limit),
    )
    return [StoredBodies(*row) for row in read_within(cursor, _BODIES).rows]


_BODIES = tuple(map(StoredBodies._fields.index, ("request_body", "response_body")))


def unmatched_bodies(connection: sqlite3.Connection, model: str) -> Iterator[StoredBodies]:
    """Yield the bodies of the unmatched requests and responses of `model`."""
    rows = connection.execute("select id, body from unmatched where model = ?", (model,))
    for id_, body in rows:
        yield StoredBodies(0, id_, body, None, None, None, None)
