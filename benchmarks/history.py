"""Analysing one more hour after a day, a week, a month and a year of history.

    python benchmarks/history.py [--days 1 7 30 120 365] [--rows 60]

A store of hourly windows with eight features, and with frozen and rolling references. After each
span of history five more hours are added one by one. Printed are the median time of the pass that
counts and evaluates one of them, and the size of the store.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np
from machine import describe

from modeltap import clock
from modeltap.jobs.pipeline import Analyzer
from modeltap.store.connection import connect, writing

START = 1_704_067_200.0  # 2024-01-01
MORE = 5


class History:
    """A store that grows hour by hour."""

    def __init__(self, folder: str, rows: int, reference: str, multivariate: bool) -> None:
        self.path = Path(folder) / "taps.db"
        self._connection = connect(self.path)
        self._rows, self._hours = rows, 0
        self._rng = np.random.default_rng(0)
        args = {
            "window": "1h",
            "reference": reference,
            "min_rows": 50,
            "multivariate": multivariate,
        }
        self._analyzer = Analyzer(self.path, self._connection, args)

    def grow(self, hours: int) -> None:
        for first in range(0, hours, 200):
            with writing(self._connection):
                for _ in range(min(200, hours - first)):
                    self._add_hour()

    def analyze(self) -> float:
        started = time.perf_counter()
        self._analyzer.run(include_open=True)
        return time.perf_counter() - started

    def _add_hour(self) -> None:
        values = self._rng.normal(size=(self._rows, 8)).round(4).tolist()
        hour = START + 3600 * self._hours
        rows = []
        for number, row in enumerate(values):
            when = clock.iso(hour + 3600 * number / self._rows)
            body = json.dumps({f"x{i}": value for i, value in enumerate(row)})
            rows.append((f"{self._hours}-{number}", when, when, body))
        self._connection.executemany(
            "insert into exchanges (id, model, source, started_at, event_time, status, "
            "duration_ms, sample_rate, request_type, request_body, response_body) values "
            "(?, 'm', 'import', ?, ?, 200, 1, 1.0, 'application/json', ?, '{\"prediction\": 1.5}')",
            rows,
        )
        self._hours += 1


def curve(days: list[int], rows: int, reference: str, multivariate: bool) -> None:
    with tempfile.TemporaryDirectory() as folder:
        history = History(folder, rows, reference, multivariate)
        done = 0
        for span in days:
            history.grow(span * 24 - done)
            took = history.analyze()
            times = []
            for _ in range(MORE):
                history.grow(1)
                times.append(history.analyze())
            done = span * 24 + MORE
            size = history.path.stat().st_size / 2**20
            print(
                f"{reference:18} {'with' if multivariate else 'without':8} multivariate  "
                f"{span:4} days  {1000 * statistics.median(times):6.0f} ms an hour  "
                f"(all before: {took:5.0f} s; {size:5.0f} MiB)",
                flush=True,
            )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--days", type=int, nargs="+", default=[1, 7, 30, 120, 365])
    parser.add_argument("--rows", type=int, default=60)
    args = parser.parse_args()
    print(describe("numpy", "scipy"))
    curve(args.days, args.rows, "first 1000 rows", multivariate=False)
    curve(args.days, args.rows, "first 1000 rows", multivariate=True)
    curve([d for d in args.days if 15 <= d <= 120], args.rows, "previous 7d", multivariate=False)


if __name__ == "__main__":
    main()
