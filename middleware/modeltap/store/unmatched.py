"""Matching of requests and responses that another tool logs as separate records.

Both carry the id of their exchange. The first one to arrive is stored in the table `unmatched`,
already masked, as a row of `exchanges` with one body.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterable
from typing import Any, Literal

from modeltap import clock
from modeltap.store.connection import writing
from modeltap.store.exchanges import ExchangeRow, has_exchange, insert_exchanges

MatchOutcome = Literal["waits", "paired", "filled", "repeated"]

WAIT_SECONDS = 3600.0
"""Seconds that a side waits after arrival before it is stored alone. A cluster retries and delays
records by minutes, and users import two files one after the other."""

NOT_SEEN = "not seen"
"""The note of a body that is missing from the log."""

_COLUMNS = (
    "id",
    "model",
    "version",
    "source",
    "method",
    "path",
    "started_at",
    "event_time",
    "request_headers",
    "request_id",
    "environment",
    "pid",
    "host",
)
"""Columns that both the request and its response fill; the request's values are used."""

_BODY = ("type", "body", "note", "bytes")
_CHUNK = 500
"""Rows per transaction, so that writers do not wait long."""


def match(connection: sqlite3.Connection, row: ExchangeRow, side: str, now: str) -> MatchOutcome:
    """Match a request with its response, or a response with its request, or store it as unmatched.

    A side that arrives after its exchange was stored alone is added to that exchange. Runs inside
    the caller's transaction.
    """
    id_ = row.id
    if has_exchange(connection, id_):
        return _fill(connection, row, side)
    waiting = connection.execute("select * from unmatched where id = ?", (id_,)).fetchone()
    if waiting is None:
        _wait(connection, row, side, now)
        return "waits"
    if waiting["side"] == side:
        return "repeated"
    whole = _exchange(waiting)
    request, response = (row, whole) if side == "request" else (whole, row)
    for part in _BODY:
        setattr(request, f"response_{part}", getattr(response, f"response_{part}"))
    request.event_time = request.event_time or response.event_time
    insert_exchanges(connection, [request])
    delete_unmatched(connection, [id_])
    return "paired"


def settle(connection: sqlite3.Connection, *, all_of_them: bool = False) -> int:
    """Store as exchanges the sides unmatched for `WAIT_SECONDS`, or all; return their number."""
    before = clock.iso(clock.LATEST) if all_of_them else clock.iso(time.time() - WAIT_SECONDS)
    total = 0
    while _old(connection, before, 1):  # checked first, because there is rarely a need to lock
        with writing(connection):
            total += _settle_some(connection, before)
    return total


def _old(connection: sqlite3.Connection, before: str, limit: int) -> list[sqlite3.Row]:
    return connection.execute(
        "select * from unmatched where received_at < ? order by received_at limit ?",
        (before, limit),
    ).fetchall()


def _settle_some(connection: sqlite3.Connection, before: str) -> int:
    old = _old(connection, before, _CHUNK)
    insert_exchanges(connection, [_exchange(waiting) for waiting in old])
    delete_unmatched(connection, [waiting["id"] for waiting in old])
    return len(old)


def count(connection: sqlite3.Connection, model: str) -> int:
    """Return the number of a model's unmatched requests and responses."""
    return int(
        connection.execute("select count(*) from unmatched where model = ?", (model,)).fetchone()[0]
    )


def delete_unmatched(connection: sqlite3.Connection, ids: Iterable[str]) -> None:
    """Delete unmatched requests and responses, inside the caller's transaction."""
    connection.executemany("delete from unmatched where id = ?", [(id_,) for id_ in ids])


def _wait(connection: sqlite3.Connection, row: ExchangeRow, side: str, now: str) -> None:
    values = [getattr(row, name) for name in _COLUMNS]
    values += [getattr(row, f"{side}_{part}") for part in _BODY]
    connection.execute(
        f"insert into unmatched ({','.join((*_COLUMNS, *_BODY))}, side, received_at) "
        f"values ({','.join('?' * (len(values) + 2))})",
        (*values, side, now),
    )


def _fill(connection: sqlite3.Connection, row: ExchangeRow, side: str) -> MatchOutcome:
    parts = [f"{side}_{part}" for part in _BODY]
    filled = connection.execute(
        f"update exchanges set {', '.join(f'{name} = ?' for name in parts)} "
        f"where id = ? and {side}_note = ?",
        (*(getattr(row, name) for name in parts), row.id, NOT_SEEN),
    ).rowcount
    return "filled" if filled else "repeated"


def _exchange(waiting: sqlite3.Row) -> ExchangeRow:
    """Return an unmatched request or response as an exchange with one body."""
    columns: dict[str, Any] = {name: waiting[name] for name in _COLUMNS}
    side = waiting["side"]
    columns.update({f"{side}_{part}": waiting[part] for part in _BODY})
    other = "response" if side == "request" else "request"
    columns.update({f"{other}_note": NOT_SEEN, f"{other}_bytes": 0})
    return ExchangeRow(**columns, sample_rate=1.0, request_read=True)
