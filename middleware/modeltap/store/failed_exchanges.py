"""Exchanges that failed: with an error status, or with an exception of the app."""

from __future__ import annotations

import sqlite3
from typing import NamedTuple

from modeltap.store.bodies import Content


class FailedExchange(NamedTuple):
    """The columns of a failed exchange that describe the failure."""

    id: str
    version: str
    environment: str | None
    method: str | None
    path: str | None
    route: str | None
    status: int | None
    error_type: str | None
    error_message: str | None
    started_at: str
    response_body: Content
    response_encoding: str | None
    response_note: str | None


_COLUMNS = ", ".join(FailedExchange._fields)


def newest_failures(
    connection: sqlite3.Connection, model: str, limit: int, within: int
) -> list[FailedExchange]:
    """Return the last `limit` failed exchanges of a model, the newest first.

    Args:
        within: search only this many of the newest exchanges of all models.
    """
    rows = connection.execute(
        f"select {_COLUMNS} from exchanges where model = ? "
        "and (status >= 400 or error_type is not null) "
        "and seq > (select max(seq) from exchanges) - ? order by seq desc limit ?",
        (model, within, limit),
    )
    return list(map(FailedExchange._make, rows))
