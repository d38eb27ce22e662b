"""Stored requests in order of arrival, to be sent again to a candidate."""

from __future__ import annotations

import sqlite3
from typing import NamedTuple

from modeltap.store.decode_notes import decode_note, decoded_rows
from modeltap.store.label_sources import OF_TRUTH
from modeltap.store.stored_exchanges import StoredExchange

_OTHERS = ("e.request_note", "e.request_bytes", decoded_rows("e.seq"), decode_note("e.seq"))
_UNREAD = ("response_body", "stream")
"""Columns that are not read, because the candidate's response takes their place."""

_COLUMNS = ", ".join(
    (*("null" if name in _UNREAD else f"e.{name}" for name in StoredExchange._fields), *_OTHERS)
)


class StoredRequest(NamedTuple):
    """An exchange, and what else decides whether its request can be sent again.

    Args:
        note: why the request's body is absent or changed, as in `exchanges.request_note`.
        bytes: the size of the body on the wire, None if it is unknown.
        rows: the number of rows that were decoded; None if it is not analysed yet.
        decode_note: why there are none.
    """

    exchange: StoredExchange
    note: str | None
    bytes: int | None
    rows: int | None
    decode_note: str | None


class RequestSelection(NamedTuple):
    """The requests of a model to send to a candidate: those it has not answered yet.

    Args:
        since: the first event time; "" for all.
        first_seq: the first exchange, from `first_of_newest`.
        last_seq: the last exchange.
        labelled: only requests that have a label.
    """

    model: str
    candidate: str
    since: str = ""
    first_seq: int = 0
    last_seq: int = 0
    labelled: bool = False


_EVENT_TIME = (
    "ifnull((select max(p.event_time) from predictions p where p.exchange_id = e.id "
    "and p.candidate = ''), ifnull(e.event_time, e.started_at))"
)

_SELECTED = (
    "e.model = :model and e.seq >= :first_seq and e.seq <= :last_seq "
    f"and (:since = '' or {_EVENT_TIME} >= :since) "
    "and (not :labelled or exists (select 1 from labels l where l.exchange_id = e.id "
    f"and {OF_TRUTH}))"
)

_SENT = (
    "exists (select 1 from candidate_requests c where c.exchange_id = e.id "
    "and c.candidate = :candidate{})"
)
_ANSWERED = _SENT.format(" and c.rows > 0")
_UNSENT = f"not {_SENT.format('')}"
_FAILED = _SENT.format(" and c.rows = 0 and c.sent_at < :failed_before")


def first_of_newest(connection: sqlite3.Connection, selection: RequestSelection, count: int) -> int:
    """Return the `seq` of the first of the `count` newest selected requests; 0 if all are."""
    row = connection.execute(
        f"select e.seq from exchanges e where {_SELECTED} order by e.seq desc limit 1 offset :skip",
        {**selection._asdict(), "skip": count - 1},
    ).fetchone()
    return 0 if row is None else row[0]


class SelectedCounts(NamedTuple):
    """The number of selected requests, and of those that the candidate has answered already."""

    requests: int
    answered: int


def count_selected(connection: sqlite3.Connection, selection: RequestSelection) -> SelectedCounts:
    """Count the selected requests."""
    row = connection.execute(
        f"select count(*), ifnull(sum({_ANSWERED}), 0) from exchanges e where {_SELECTED}",
        selection._asdict(),
    ).fetchone()
    return SelectedCounts(*row)


def requests_after(
    connection: sqlite3.Connection,
    selection: RequestSelection,
    after: int,
    *,
    limit: int,
    max_bytes: int,
    failed_before: str | None = None,
) -> list[StoredRequest]:
    """Return the first selected requests after the exchange `after` that were never sent.

    Args:
        failed_before: instead, those that failed before this time.
        limit: the maximum number of requests.
        max_bytes: reading stops once the bodies reach this size.
    """
    cursor = connection.cursor()
    cursor.row_factory = None
    cursor.execute(
        f"select {_COLUMNS} from exchanges e where {_SELECTED} and e.seq > :after "
        f"and {_UNSENT if failed_before is None else _FAILED} order by e.seq limit :limit",
        {
            **selection._asdict(),
            "after": after,
            "limit": limit,
            "failed_before": failed_before,
        },
    )
    requests: list[StoredRequest] = []
    size = 0
    split = len(StoredExchange._fields)
    for row in cursor:
        exchange = StoredExchange._make(row[:split])
        requests.append(StoredRequest(exchange, *row[split:]))
        size += len(exchange.request_body or "")
        if size >= max_bytes:
            break
    cursor.close()  # an open cursor would prevent truncating the write-ahead log
    return requests
