"""Rows a second from JSON bodies in SQLite to counts in bins: 25 features, one core.

    python benchmarks/rows_to_counts.py [--rows 100000] [--rounds 5]
    python benchmarks/rows_to_counts.py --columns 2500 --rows 700 --rounds 3

Bodies of about 900 bytes lie in a store. Two figures, medians over rounds: the kernel (read,
decode, columns, counts), and the analyzer's whole pass, which also writes predictions, notes,
traffic and windows. Beside them the same bodies read and decoded by the standard library's json.
With many columns, 100 rows an hour, the pass evaluates windows of an hour, too.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np
from machine import describe

from modeltap.analysis.counting.tally import tally
from modeltap.analysis.references.fit import fit
from modeltap.config import sources
from modeltap.config.settings import Settings
from modeltap.decoding.batches import read
from modeltap.decoding.decoders import Decoders
from modeltap.jobs.pipeline import Analyzer
from modeltap.store.connection import connect, writing
from modeltap.store.exchanges import ExchangeRow, insert_exchanges
from modeltap.store.stored_exchanges import exchanges_after

CHUNK = 4096
CATEGORIES = 5


def fill(path: Path, rows: int, columns: int) -> None:
    """Write `rows` exchanges of so many features, of which 5 are categorical."""
    rng = np.random.default_rng(0)
    connection = connect(path)
    for start in range(0, rows, 2000):
        batch = []
        for n in range(start, min(start + 2000, rows)):
            body: dict[str, float | str] = {
                f"numeric_feature_{i:02d}": float(x)
                for i, x in enumerate(rng.normal(size=columns - CATEGORIES))
            }
            words = rng.choice(list("abcde"), CATEGORIES)
            body.update({f"category_{i}": str(word) for i, word in enumerate(words)})
            hour = n // 100 if is_wide(columns) else n % 24
            when = f"2024-01-01T{hour:02d}:00:00.000Z"
            row = ExchangeRow(
                id=f"{n:032x}",
                model="m",
                source="asgi",
                path="/predict",
                status=200,
                started_at=when,
                event_time=when,
                duration_ms=1.0,
                request_type="application/json",
                request_body=json.dumps(body),
                response_body='{"prediction": 1.5}',
            )
            batch.append(row)
        with writing(connection):
            insert_exchanges(connection, batch)
    connection.close()


def is_wide(columns: int) -> bool:
    """Return whether the columns, and not the rows, are what there is much of."""
    return columns > 100


def chunks(path: Path):  # type: ignore[no-untyped-def]
    connection = connect(path)
    seq = 0
    while True:
        found = exchanges_after(connection, seq, CHUNK)
        if not found:
            return
        seq = found[-1].seq
        yield found


def kernel(path: Path, settings: Settings) -> float:
    decoders = Decoders()
    first = read(next(chunks(path)), settings, decoders)
    reference = fit(first.columns(), len(first.rows), model="m")
    total = 0
    start = time.perf_counter()
    for chunk in chunks(path):
        batch = read(chunk, settings, decoders)
        total = total + tally(batch.columns(), len(batch.rows), reference).counts
    return time.perf_counter() - start


def standard_library(path: Path) -> float:
    start = time.perf_counter()
    for chunk in chunks(path):
        for row in chunk:
            json.loads(row.request_body)
            json.loads(row.response_body)
    return time.perf_counter() - start


def whole_pass(path: Path, columns: int) -> float:
    connection = connect(path)
    for table in (
        "predictions",
        "decode_notes",
        "windows",
        "traffic",
        "watermarks",
        '"references"',
        "runs",
        "metrics",
        "event_days",
        "counted_hours",
    ):
        connection.execute(f"delete from {table}")
    args = {"window": "1d", "reference": "first 2000 rows"}
    if is_wide(columns):
        args = {"window": "1h", "reference": "first 200 rows"}
    start = time.perf_counter()
    Analyzer(path, connection, args).run()
    seconds = time.perf_counter() - start
    written = connection.execute("select count(*) from metrics").fetchone()[0]
    print(f"one pass: {seconds:.1f} s, {written:,} metrics")
    connection.close()
    return seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--columns", type=int, default=25)
    parser.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args()
    gc.disable()  # as `modeltap analyze` does
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    print(describe("msgspec", "numpy"))
    print(f"{args.rows} rows of {args.columns} features, {args.rounds} rounds, one core, medians\n")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.db"
        fill(path, args.rows, args.columns)
        settings = sources.load(environ={})
        times: dict[str, list[float]] = {"json.loads only": [], "kernel": [], "whole pass": []}
        for _ in range(args.rounds):
            times["json.loads only"].append(standard_library(path))
            times["kernel"].append(kernel(path, settings))
            times["whole pass"].append(whole_pass(path, args.columns))
        for name, seconds in times.items():
            median = statistics.median(seconds)
            print(f"{name:16} {median:6.2f} s  {args.rows / median:10,.0f} rows/s")


if __name__ == "__main__":
    main()
