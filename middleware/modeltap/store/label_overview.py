"""An overview of a model's labels: how many there are, corrections, sources and unknown ids."""

from __future__ import annotations

import sqlite3
from typing import NamedTuple

from modeltap.store.label_sources import OF_TRUTH
from modeltap.store.predictions import own_rows
from modeltap.store.unjoined_labels import EXPIRED


class LabelCounts(NamedTuple):
    """The rows and labels of a model's version.

    Args:
        corrected: rows that have labels with different values.
        last_at: when the last label arrived.
    """

    model: str
    version: str
    rows: int
    labelled: int
    corrected: int
    last_at: str | None


def count_labels(connection: sqlite3.Connection, model: str | None) -> list[LabelCounts]:
    """Return the counts of each version of a model, or of all models, in order."""
    counts = (
        "select p.model, p.version, count(*), count(l.row), ifnull(sum(l.different > 1), 0), "
        "max(l.last_at) from predictions p left join l on l.exchange_id = p.exchange_id "
        "and l.row = p.row where p.candidate = '' and (:model is null or p.model = :model) and "
    )
    # Each part has the order of an index; a sorter takes as long as all else.
    rows = connection.execute(
        "with l as (select exchange_id, row, count(distinct value) as different, "
        f"max(received_at) as last_at from labels l where {OF_TRUTH} group by exchange_id, row) "
        f"{counts} p.version = '' group by p.model union all "
        f"{counts} p.version <> '' group by p.model, p.version order by 1, 2",
        {"model": model},
    )
    return [LabelCounts(*row) for row in rows]


def labels_by_source(connection: sqlite3.Connection, model: str, version: str) -> dict[str, int]:
    """Return the number of labels of a model's version by source, the most frequent first."""
    rows = connection.execute(
        "select ifnull(l.source, ''), count(*) from predictions p cross join labels l "
        "on l.exchange_id = p.exchange_id and l.row = p.row "
        f"where {own_rows(version, 'p.')} group by 1 order by 2 desc, 1",
        (model, version),
    )
    return dict(rows.fetchall())


class UnknownLabels(NamedTuple):
    """Labels whose exchange is not in the store.

    `model` is None if they were sent without one. `expired` are those whose exchange is older than
    all in the store, as the time in their id shows: retention has deleted it.
    """

    model: str | None
    labels: int
    expired: int


def count_unknown(connection: sqlite3.Connection) -> list[UnknownLabels]:
    """Return the number of labels without an exchange by model."""
    rows = connection.execute(
        f"select l.model, count(*), ifnull(sum({EXPIRED}), 0) from labels l "
        "where not exists (select 1 from exchanges e where e.id = l.exchange_id) "
        "group by 1 order by 1"
    )
    return [UnknownLabels(*row) for row in rows]
