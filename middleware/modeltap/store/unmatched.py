"""Matching of requests and responses that another tool logs as separate records.

Both carry the id of their exchange. The first one to arrive is stored in the table `unmatched`,
already masked, as a row of `exchanges` with one body.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterable, Sequence
from operator import attrgetter
from typing import Any, Literal, NamedTuple

from modeltap import clock
from modeltap.store.bodies import read_within
from modeltap.store.connection import writing
from modeltap.store.exchanges import ExchangeRow, insert_exchanges, known_exchanges

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


class SideRow(NamedTuple):
    """A request or a response, as a row of `exchanges` with one body."""

    row: ExchangeRow
    side: str


def match(connection: sqlite3.Connection, sides: Sequence[SideRow], now: str) -> list[MatchOutcome]:
    """Match requests with their responses in order of arrival, or store them as unmatched.

    A side that arrives after its exchange was stored alone is added to that exchange. Runs inside
    the caller's transaction.
    """
    matching = _Matching(connection, [row.id for row, _ in sides])
    outcomes = [matching.outcome_of(arrival) for arrival in sides]
    matching.store(now)
    return outcomes


class _Matching:
    """Matches sides in memory; exchanges and sides left over are stored together."""

    def __init__(self, connection: sqlite3.Connection, ids: Sequence[str]) -> None:
        self._connection = connection
        self._exchanges = known_exchanges(connection, ids)
        self._stored = _waiting(connection, ids)
        self._new: dict[str, SideRow] = {}
        self._whole: list[ExchangeRow] = []
        self._matched: list[str] = []

    def outcome_of(self, arrival: SideRow) -> MatchOutcome:
        row, side = arrival
        if row.id in self._exchanges:
            self._store_whole()
            return _fill(self._connection, row, side)
        other = self._new.get(row.id) or self._stored.get(row.id)
        if other is None:
            self._new[row.id] = SideRow(_alone(row, side), side)
            return "waits"
        if other.side == side:
            return "repeated"
        self._pair(arrival, other)
        return "paired"

    def _pair(self, arrival: SideRow, other: SideRow) -> None:
        by_side = {arrival.side: arrival.row, other.side: other.row}
        request, response = by_side["request"], by_side["response"]
        request.response_type = response.response_type
        request.response_body = response.response_body
        request.response_note = response.response_note
        request.response_bytes = response.response_bytes
        request.event_time = request.event_time or response.event_time
        self._whole.append(request)
        self._exchanges.add(request.id)
        if self._new.pop(request.id, None) is None:
            self._matched.append(request.id)

    def store(self, now: str) -> None:
        """Store all that was matched, and the new sides that are left as unmatched."""
        self._store_whole()
        delete_unmatched(self._connection, self._matched)
        _store_waiting(self._connection, self._new.values(), now)

    def _store_whole(self) -> None:
        insert_exchanges(self._connection, self._whole)
        self._whole = []


def _waiting(connection: sqlite3.Connection, ids: Sequence[str]) -> dict[str, SideRow]:
    """Return the unmatched requests and responses of these exchanges."""
    rows = connection.execute(
        "select u.* from json_each(?) n cross join unmatched u on u.id = n.value",
        (json.dumps(ids),),
    )
    return {waiting["id"]: SideRow(_exchange(waiting), waiting["side"]) for waiting in rows}


def settle(connection: sqlite3.Connection, *, all_of_them: bool = False) -> int:
    """Store as exchanges the sides unmatched for `WAIT_SECONDS`, or all; return their number."""
    before = clock.iso(clock.LATEST) if all_of_them else clock.iso(time.time() - WAIT_SECONDS)
    total = 0
    while _has_old(connection, before):  # checked first, because there is rarely a need to lock
        with writing(connection):
            total += _settle_some(connection, before)
    return total


def _has_old(connection: sqlite3.Connection, before: str) -> bool:
    row = connection.execute("select 1 from unmatched where received_at < ? limit 1", (before,))
    return row.fetchone() is not None


def _settle_some(connection: sqlite3.Connection, before: str) -> int:
    cursor = connection.execute(
        "select body, * from unmatched where received_at < ? order by received_at limit ?",
        (before, _CHUNK),
    )
    old = read_within(cursor, (0,)).rows
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


def _store_waiting(connection: sqlite3.Connection, sides: Iterable[SideRow], now: str) -> None:
    columns = {
        side: attrgetter(*_COLUMNS, *(f"{side}_{part}" for part in _BODY))
        for side in ("request", "response")
    }
    connection.executemany(
        f"insert into unmatched ({','.join((*_COLUMNS, *_BODY))}, side, received_at) "
        f"values ({','.join('?' * (len(_COLUMNS) + len(_BODY) + 2))})",
        [(*columns[side](row), side, now) for row, side in sides],
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
    side = waiting["side"]
    columns: dict[str, Any] = {name: waiting[name] for name in _COLUMNS}
    columns.update({f"{side}_{part}": waiting[part] for part in _BODY})
    return _with_one_body(columns, side)


def _alone(row: ExchangeRow, side: str) -> ExchangeRow:
    """Return a row with the columns that are stored while it is unmatched."""
    names = (*_COLUMNS, *(f"{side}_{part}" for part in _BODY))
    return _with_one_body({name: getattr(row, name) for name in names}, side)


def _with_one_body(columns: dict[str, Any], side: str) -> ExchangeRow:
    other = "response" if side == "request" else "request"
    columns.update({f"{other}_note": NOT_SEEN, f"{other}_bytes": 0})
    return ExchangeRow(**columns, sample_rate=1.0, request_read=True)
