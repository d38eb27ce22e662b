"""Processor time of queries by people: views, the documented queries, searches, the review queue.

    python benchmarks/queries.py [--store FILE] [--exchanges 1000000] [--rounds 3]

The store is that of `dashboard.py`; `--store` keeps it, or takes one from there. Each line has the
median and the largest time of the rounds. Searches are done alone and in pairs, from the newest
exchange, from the middle, and near the end; of these, the largest is printed.
"""

from __future__ import annotations

import argparse
import itertools
import sqlite3
import statistics
import tempfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import processor_time
from dashboard import fill, repeat
from machine import describe

from modeltap.browsing.common_queries import common_queries
from modeltap.reviewing.review_desk import ReviewDesk
from modeltap.store.connection import connect
from modeltap.store.exchange_search import ANY_ALERT, ExchangeFilter, search_exchanges

VIEWS = (
    "select * from v_rows where model = 'm' order by event_time desc limit 20",
    "select * from v_rows where model = 'm' order by event_time limit 20",
    "select * from v_rows where model = 'm' and event_time >= (select substr(max(event_time), 1, "
    "10) from v_rows where model = 'm') order by event_time limit 20",
    "select * from v_rows where id = (select id from exchanges limit 1)",
    "select count(*) from v_rows where model = 'm'",
    "select * from v_newest_rows limit 100",
    "select * from v_exchanges order by seq desc limit 20",
    "select * from v_exchanges where seq > (select max(seq) - 10000 from exchanges) "
    "and status >= 500",
)


def measured(rounds: int, act: Callable[[], Any]) -> str:
    """Return the median and the largest processor time of some calls."""
    times = []
    for _ in range(rounds):
        begun = processor_time.own()
        act()
        times.append((processor_time.own() - begun) * 1e3)
    return f"{statistics.median(times):8.1f} {max(times):8.1f} ms"


def filters(connection: sqlite3.Connection) -> dict[str, Any]:
    """Return a value for each condition of a search; few exchanges or none match."""
    (middle,) = connection.execute(
        "select started_at from exchanges where seq = (select max(seq) / 2 from exchanges)"
    ).fetchone()
    return {
        "model": "m",
        "version": "none",
        "path": "/none",
        "status": "errors",
        "text": "none of the bodies",
        "prediction": "1.234",
        "labelled": True,
        "since": middle,
        "until": middle[:10],
        "alert": ANY_ALERT,
    }


def search(connection: sqlite3.Connection, rounds: int) -> None:
    """Print the time of searches by each condition, and by two of them."""
    (newest,) = connection.execute("select max(seq) from exchanges").fetchone()
    values = filters(connection)
    chosen = [*itertools.combinations(values, 1), *itertools.combinations(values, 2), tuple(values)]
    for names in chosen:
        asked = {name: values[name] for name in names}
        lines = [
            measured(
                rounds,
                lambda asked=asked, before=before: search_exchanges(
                    connection, ExchangeFilter(**asked, before=before)
                ),
            )
            for before in (None, newest // 2, 1000)
        ]
        print(f"{max(lines)}  search by {', '.join(names)}")


def main() -> None:
    """Fill a store, and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--exchanges", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--store", type=Path, help="keep the store here, or take it from here")
    asked = parser.parse_args()
    print(describe())
    with tempfile.TemporaryDirectory() as folder:
        store = asked.store or Path(folder) / "modeltap.db"
        if not store.exists():
            fill(store, 30)
            repeat(store, asked.exchanges, 90)
        with closing(connect(store, create=False)) as connection:
            queries = [*VIEWS, *(query.sql for query in common_queries())]
            for sql in queries:
                read = measured(asked.rounds, lambda sql=sql: connection.execute(sql).fetchall())
                print(f"{read}  {' '.join(sql.split())[:100]}")
            search(connection, asked.rounds)
            claimed = measured(asked.rounds, lambda: ReviewDesk().next_claim(connection, "m"))
            print(f"{claimed}  the next row to review, with a new queue")


if __name__ == "__main__":
    main()
