"""Counts of the newest labels that match no row of `predictions`."""

from __future__ import annotations

import sqlite3
from typing import NamedTuple


class UnjoinedLabels(NamedTuple):
    """Counts of checked labels, and of those without an exchange or without a row."""

    labels: int
    without_exchange: int
    without_row: int


def count_unjoined(connection: sqlite3.Connection, newest: int) -> UnjoinedLabels:
    """Count the labels that match no prediction among the `newest` ones.

    Labels of pruned exchanges are deleted with them, and labels of exchanges that are not yet
    decoded do not count.
    """
    row = connection.execute(
        "select count(*), "
        "ifnull(sum(not exists (select 1 from exchanges e where e.id = l.exchange_id)), 0), "
        "ifnull(sum(exists (select 1 from exchanges e where e.id = l.exchange_id "
        "and e.decoded is not null) and not exists (select 1 from predictions p "
        "where p.exchange_id = l.exchange_id and p.row = l.row)), 0) "
        "from (select exchange_id, row from labels order by seq desc limit ?) l",
        (newest,),
    ).fetchone()
    return UnjoinedLabels(*row)
