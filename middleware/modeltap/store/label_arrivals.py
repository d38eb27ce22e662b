"""The arrival of labels: of all rows, or only of those that were recorded live."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import Any, NamedTuple

from modeltap.store.exchanges import is_imported
from modeltap.store.label_delays import DELAY, PREDICTED_AT
from modeltap.store.label_sources import OF_TRUTH, is_truth
from modeltap.store.predictions import RowKey, own_rows

_FIRST = (
    "(select min(f.seq) from labels f where f.exchange_id = p.exchange_id and f.row = p.row "
    f"and {is_truth('f')})"
)


class RowArrival(NamedTuple):
    """A row and the arrival of its first label.

    Args:
        predicted_at: the start of the request; for an imported row its event time.
        labelled: False for a row whose label is pending.
        delay: the seconds until the label arrived; None if it is pending or unknown.
    """

    predicted_at: str
    labelled: bool
    delay: float | None


class LabelArrival(NamedTuple):
    """A labelled row: its prediction and score, its last label, and its first label's time."""

    prediction: Any
    score: float | None
    label: Any
    event_time: str
    predicted_at: str
    received_at: str


def row_arrivals(
    connection: sqlite3.Connection, model: str, version: str, start: RowKey, end: RowKey
) -> Iterator[RowArrival]:
    """Yield the rows from `start` to `end`, half-open, each with the arrival of its first label."""
    rows = connection.execute(
        f"select {PREDICTED_AT}, l.seq is not null, {DELAY} "
        "from predictions p left join exchanges x on x.seq = p.seq "
        f"left join labels l on l.seq = {_FIRST} "
        f"where {own_rows(version, 'p.')} and p.event_time >= ? "
        "and (p.event_time, p.seq, p.row) >= (?, ?, ?) "
        "and (p.event_time, p.seq, p.row) < (?, ?, ?)",
        (model, version, start[0], *start, *end),
    )
    for predicted_at, labelled, delay in rows:
        yield RowArrival(predicted_at, bool(labelled), delay)


def label_arrivals(
    connection: sqlite3.Connection, model: str, version: str, start: str, end: str, limit: int
) -> list[LabelArrival]:
    """Return the labelled rows among the first `limit` rows from `start` to `end`, half-open.

    Imported rows are left out: their labels arrived with the import, whenever the outcome was
    known. Estimates depend on the labels that the store has, so that the arrival counts here, also
    of a label that was determined earlier.
    """
    rows = connection.execute(
        "select p.prediction, p.score, (select l.value from labels l "
        f"where l.exchange_id = p.exchange_id and l.row = p.row and {OF_TRUTH} "
        f"order by l.seq desc limit 1), p.event_time, {PREDICTED_AT}, "
        f"(select l.received_at from labels l where l.seq = {_FIRST}) as received_at "
        "from (select exchange_id, row, prediction, score, event_time from predictions "
        f"where {own_rows(version)} and event_time >= ? and event_time < ? "
        "order by event_time limit ?) p "
        "cross join exchanges x on x.id = p.exchange_id "
        f"where not {is_imported('x')} and received_at is not null",
        (model, version, start, end, limit),
    )
    return list(map(LabelArrival._make, rows))


def received_at(connection: sqlite3.Connection, seq: int) -> str | None:
    """Return the time at which the label with this `seq` arrived; None if it was deleted."""
    row = connection.execute("select received_at from labels where seq = ?", (seq,)).fetchone()
    return None if row is None else row[0]
