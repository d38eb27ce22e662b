"""Counts of the newest labels that match no row of `predictions`."""

from __future__ import annotations

import sqlite3
from typing import NamedTuple

from modeltap.store.decode_notes import decoded_rows
from modeltap.store.label_sources import OF_TRUTH


class UnjoinedLabels(NamedTuple):
    """Counts of checked labels, and of those without an exchange or without a row.

    `model` is None if the labels were sent without a model. `expired` are those whose exchange is
    older than all in the store, as the time in their id shows: retention has deleted it.
    """

    model: str | None
    labels: int
    without_exchange: int
    without_row: int
    expired: int


_IS_OWN_ID = "length({0}) = 36 and substr({0}, 15, 1) = '7'"
"""UUIDs of version 7, which begin with their time."""

EXPIRED = (
    f"{_IS_OWN_ID.format('l.exchange_id')} and l.exchange_id < "
    f"(select min(id) from exchanges where {_IS_OWN_ID.format('id')})"
)
"""Labels `l` of an exchange that is older than all in the store."""


def count_unjoined(
    connection: sqlite3.Connection, newest: int, *, default_model: str | None
) -> list[UnjoinedLabels]:
    """Count the labels of each model that match no prediction among the `newest` labels.

    Labels of pruned exchanges are deleted with them; those that arrive later are `expired` and
    without an exchange. Labels of exchanges that are not yet decoded do not count.

    Args:
        default_model: the model to assume for labels that were sent without one.
    """
    rows = connection.execute(
        "select ifnull(l.model, ?), count(*), "
        "ifnull(sum(not exists (select 1 from exchanges e where e.id = l.exchange_id)), 0), "
        "ifnull(sum(exists (select 1 from exchanges e where e.id = l.exchange_id "
        f"and {decoded_rows('e.seq')} is not null) and not exists (select 1 from predictions p "
        "where p.exchange_id = l.exchange_id and p.row = l.row and p.candidate = '')), 0), "
        f"ifnull(sum(not exists (select 1 from exchanges e where e.id = l.exchange_id) "
        f"and {EXPIRED}), 0) "
        f"from (select exchange_id, row, model from labels l where {OF_TRUTH} "
        "order by seq desc limit ?) l "
        "group by 1 order by 1",
        (default_model, newest),
    )
    return [UnjoinedLabels(*row) for row in rows]
