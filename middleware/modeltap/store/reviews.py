"""Rows that people were asked about, and the rows of a model that they may be asked about."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from typing import Any, NamedTuple

from modeltap.clock import now
from modeltap.store.label_sources import CHOSEN, JUDGE, OF_TRUTH

ANSWERED, SKIPPED_ROW = "answered", "skipped"

_UNUSUAL = ("outlier_rate", "out_of_range_rate", "unseen_rate", "type_mismatch_rate")
"""Metrics whose examples are unusual rows."""


class ReviewableRow(NamedTuple):
    """A row of a model, and what is known of its label.

    Args:
        is_labelled: it has a label that counts, other than from a random review.
        reason: why it was reviewed; None if it was not.
    """

    exchange_id: str
    row: int
    version: str
    prediction: Any
    score: float | None
    probabilities: str | None
    event_time: str
    is_labelled: bool
    reason: str | None

    @property
    def key(self) -> tuple[str, int]:
        """The exchange and the number of the row in it."""
        return self.exchange_id, self.row


def reviewable_rows(
    connection: sqlite3.Connection, model: str, since: str, limit: int
) -> list[ReviewableRow]:
    """Return the last `limit` rows of a model since an event time, the newest first."""
    rows = connection.execute(
        "select p.exchange_id, p.row, p.version, p.prediction, p.score, p.probabilities, "
        "p.event_time, r.reason is not 'random' and (select l.value from labels l "
        f"where l.exchange_id = p.exchange_id and l.row = p.row and {OF_TRUTH} "
        "order by l.seq desc limit 1) is not null, "
        "r.reason from predictions p "
        "left join reviews r on r.exchange_id = p.exchange_id and r.row = p.row "
        "where p.model = ? and p.candidate = '' and p.event_time >= ? "
        "order by p.event_time desc, p.seq desc, p.row limit ?",
        (model, since, limit),
    )
    return [ReviewableRow(*row) for row in rows]


class OtherOutput(NamedTuple):
    """The prediction of a candidate, or the label of a judge, for a row."""

    exchange_id: str
    row: int
    value: Any


def other_outputs(connection: sqlite3.Connection, exchange_ids: Iterable[str]) -> list[OtherOutput]:
    """Return the outputs of candidates and of a judge for the rows of some exchanges."""
    rows = connection.execute(
        "select c.exchange_id, c.row, c.prediction from json_each(:ids) e "
        "cross join predictions c on c.exchange_id = e.value and c.candidate <> '' "
        "union all select l.exchange_id, l.row, l.value from json_each(:ids) e "
        "cross join labels l on l.exchange_id = e.value and l.source = :judge",
        {"ids": json.dumps(list(exchange_ids)), "judge": JUDGE},
    )
    return [OtherOutput(*row) for row in rows]


def unusual_exchanges(connection: sqlite3.Connection, model: str, since: str) -> list[str]:
    """Return the exchanges that windows since a time reported as unusual, the newest first."""
    rows = connection.execute(
        "select m.examples from models v cross join metrics m on m.model = v.model "
        "and m.version = v.version and m.window_end >= ? and m.examples is not null "
        "and m.metric in (select value from json_each(?)) "
        "where v.model = ? order by m.window_end desc",
        (since, json.dumps(_UNUSUAL), model),
    )
    return list(dict.fromkeys(id_ for (examples,) in rows for id_ in json.loads(examples)))


def record_review(
    connection: sqlite3.Connection,
    model: str,
    exchange_id: str,
    row: int,
    *,
    reason: str,
    probability: float | None,
    state: str,
) -> None:
    """Record that a row was asked about, inside the caller's transaction."""
    connection.execute(
        "insert or replace into reviews (exchange_id, row, model, reason, probability, state, "
        "reviewed_at) values (?, ?, ?, ?, ?, ?, ?)",
        (exchange_id, row, model, reason, probability, state, now()),
    )


def chosen_labels(
    connection: sqlite3.Connection, exchange_ids: list[str]
) -> dict[tuple[str, int], Any]:
    """Return the last labels of reviewed rows that were chosen, by exchange and row."""
    rows = connection.execute(
        "select l.exchange_id, l.row, l.value from json_each(?) e "
        "cross join labels l on l.exchange_id = e.value where l.source = ? order by l.seq",
        (json.dumps(exchange_ids), CHOSEN),
    )
    return {(exchange_id, row): value for exchange_id, row, value in rows}
