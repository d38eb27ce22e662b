"""How many of the newest labels join no row of `predictions`."""

from __future__ import annotations

import sqlite3
from typing import NamedTuple


class UnjoinedLabels(NamedTuple):
    """Counts of labels: all that were looked at, and those without an exchange or without a row."""

    labels: int
    without_exchange: int
    without_row: int


def count_unjoined(connection: sqlite3.Connection, newest: int) -> UnjoinedLabels:
    """Count among the `newest` labels those that join no prediction.

    Exchanges that were pruned took their labels with them; those not decoded yet do not count.
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
