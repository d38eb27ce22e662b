"""The bodies of a model's exchanges, including unmatched requests and responses."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import NamedTuple

Content = str | bytes | None


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
    """Return the bodies of the first `limit` exchanges of `model` after `seq`."""
    rows = connection.execute(
        f"select {', '.join(StoredBodies._fields)} from exchanges where model = ? and seq > ? "
        "order by seq limit ?",
        (model, seq, limit),
    )
    return [StoredBodies(*row) for row in rows]


def unmatched_bodies(connection: sqlite3.Connection, model: str) -> Iterator[StoredBodies]:
    """Yield the bodies of the unmatched requests and responses of `model`."""
    rows = connection.execute("select id, body from unmatched where model = ?", (model,))
    for id_, body in rows:
        yield StoredBodies(0, id_, body, None, None, None, None)
