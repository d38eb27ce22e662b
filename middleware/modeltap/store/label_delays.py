"""Delays of labels: the time from each prediction to the arrival of its first label."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import Any, NamedTuple

from modeltap.store.label_sources import OF_TRUTH, is_truth
from modeltap.store.predictions import RowKey


class RowArrival(NamedTuple):
    """A row and the arrival of its first label.

    Args:
        predicted_at: the start of the request; for an imported row its event time.
        labelled: False for a row whose label is pending.
        delay: the seconds until the label arrived, at least 0; None if it is pending or unknown.
        label: the value of the first label, None if it is pending.
    """

    predicted_at: str
    labelled: bool
    delay: float | None
    label: Any


def row_arrivals(
    connection: sqlite3.Connection, model: str, version: str, start: RowKey, end: RowKey
) -> Iterator[RowArrival]:
    """Yield the rows from `start` to `end`, half-open, each with the arrival of its first label.

    The delay of a label with `labelled_at` counts from the row's event time. That of another label
    counts by the clock of this machine, from the start of the request to the arrival of the label.
    The clock did not see the request of an imported row, so that its delay is then unknown.
    """
    rows = connection.execute(
        "select iif(x.started_at is null or x.source = 'import', p.event_time, x.started_at), "
        "l.seq is not null, "
        "max(0.0, 86400.0 * iif(l.labelled_at is not null, "
        "julianday(l.labelled_at) - julianday(p.event_time), "
        "iif(x.source <> 'import', julianday(l.received_at) - julianday(x.started_at), null))), "
        "l.value from predictions p left join exchanges x on x.seq = p.seq "
        "left join labels l on l.seq = (select min(f.seq) from labels f "
        f"where f.exchange_id = p.exchange_id and f.row = p.row and {is_truth('f')}) "
        "where p.model = ? and p.version = ? and p.candidate = '' and p.event_time >= ? "
        "and (p.event_time, p.seq, p.row) >= (?, ?, ?) "
        "and (p.event_time, p.seq, p.row) < (?, ?, ?)",
        (model, version, start[0], *start, *end),
    )
    for predicted_at, labelled, delay, label in rows:
        yield RowArrival(predicted_at, bool(labelled), delay, label)


class PendingRows(NamedTuple):
    """A number of rows whose labels are pending, predicted in the same hour `hours` hours ago."""

    hours: int
    rows: int


def pending_by_age(
    connection: sqlite3.Connection, model: str, version: str, now: str
) -> list[PendingRows]:
    """Return the numbers of rows without a label by their age at `now`, the youngest first."""
    rows = connection.execute(
        "select cast(max(0, 24 * (julianday(?) - julianday("
        "iif(x.started_at is null or x.source = 'import', p.event_time, x.started_at)))) "
        "as integer) as hours, count(*) "
        "from predictions p left join exchanges x on x.seq = p.seq "
        "where p.model = ? and p.version = ? and p.candidate = '' "
        "and p.event_time is not null and not exists "
        "(select 1 from labels l where l.exchange_id = p.exchange_id and l.row = p.row "
        f"and {OF_TRUTH}) "
        "group by 1 order by 1",
        (now, model, version),
    )
    return [PendingRows(*row) for row in rows]
