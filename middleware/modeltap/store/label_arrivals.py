"""The arrival of labels: rows that were recorded live, with the time of their first label."""

from __future__ import annotations

import sqlite3
from typing import Any, NamedTuple

from modeltap.store.label_sources import OF_TRUTH


class LabelArrival(NamedTuple):
    """A labelled row: its prediction and score, its last label, and its first label's time."""

    prediction: Any
    score: float | None
    label: Any
    event_time: str
    received_at: str


def label_arrivals(
    connection: sqlite3.Connection, model: str, version: str, start: str, end: str, limit: int
) -> list[LabelArrival]:
    """Return the labelled rows among the first `limit` rows from `start` to `end`, half-open.

    Imported rows are left out: their labels arrived with the import, whenever the outcome was
    known.
    """
    rows = connection.execute(
        "select p.prediction, p.score, (select l.value from labels l "
        f"where l.exchange_id = p.exchange_id and l.row = p.row and {OF_TRUTH} "
        "order by l.seq desc limit 1), "
        "p.event_time, (select min(l.received_at) from labels l "
        f"where l.exchange_id = p.exchange_id and l.row = p.row and {OF_TRUTH}) as received_at "
        "from (select exchange_id, row, prediction, score, event_time from predictions "
        "where model = ? and version = ? and candidate = '' and event_time >= ? and event_time < ? "
        "order by event_time limit ?) p "
        "cross join exchanges x on x.id = p.exchange_id "
        "where x.source <> 'import' and x.method is not 'IMPORT' and received_at is not null",
        (model, version, start, end, limit),
    )
    return list(map(LabelArrival._make, rows))


def received_at(connection: sqlite3.Connection, seq: int) -> str | None:
    """Return the time at which the label with this `seq` arrived; None if it was deleted."""
    row = connection.execute("select received_at from labels where seq = ?", (seq,)).fetchone()
    return None if row is None else row[0]
