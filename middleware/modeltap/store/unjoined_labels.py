"""Counts of the newest labels that match no row of `predictions`."""

from __future__ import annotations

import sqlite3
from typing import NamedTuple


class UnjoinedLabels(NamedTuple):
    """Counts of checked labels, and of those without an exchange or without a row.

    `model` is None where nobody said of which model they are.
    """

    model: str | None
    labels: int
    without_exchange: int
    without_row: int


def count_unjoined(
    connection: sqlite3.Connection, newest: int, *, unsaid: str | None
) -> list[UnjoinedLabels]:
    """Count among the `newest` labels of each model those that match no prediction.

    Labels of pruned exchanges are deleted with them, and labels of exchanges that are not yet
    decoded do not count.

    Args:
        unsaid: the model of labels of which nobody said it.
    """
    rows = connection.execute(
        "select ifnull(l.model, ?), count(*), "
        "ifnull(sum(not exists (select 1 from exchanges e where e.id = l.exchange_id)), 0), "
        "ifnull(sum(exists (select 1 from exchanges e where e.id = l.exchange_id "
        "and e.decoded is not null) and not exists (select 1 from predictions p "
        "where p.exchange_id = l.exchange_id and p.row = l.row)), 0) "
        "from (select exchange_id, row, model from labels order by seq desc limit ?) l "
        "group by 1 order by 1",
        (unsaid, newest),
    )
    return [UnjoinedLabels(*row) for row in rows]
