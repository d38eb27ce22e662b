"""Labels of a million rows: time and memory of the pass that joins and scores them.

    python benchmarks/labels.py [--rows 1000000] [--windows 50] [--ids own|request] [--profile]

Rows with one feature, a class and a score are imported and analysed, with a reference of the first
tenth. Then every row gets a label, and one analysis joins the labels with the rows and evaluates
each window: accuracy, F1, ROC AUC with DeLong's interval, Brier score and the others. Printed are
its time, that of the processor, and the most memory of its process. The promise is 10 s and 300 MB.
"""

from __future__ import annotations

import argparse
import cProfile
import gc
import pstats
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
from machine import describe

from modeltap import clock
from modeltap.jobs.pipeline import Analyzer
from modeltap.store.connection import connect, writing
from modeltap.store.labels import Label, insert_labels

START = 1_704_067_200.0  # 2024-01-01
BATCH = 20_000
MOST_SECONDS, MOST_MB = 10.0, 300.0


def settings(rows: int, windows: int) -> dict[str, object]:
    """Return the settings of the analysis."""
    return {
        "window": "1d" if windows > 1 else "1 year",
        "reference": f"first {rows // 10} rows" if windows > 1 else "first 1000 rows",
        "multivariate": False,
    }


def truths(rows: int) -> np.ndarray:
    """Return (rows,) classes."""
    return np.random.default_rng(1).random(rows) < 0.3


def fill(store: Path, rows: int, windows: int) -> None:
    """Store the rows' exchanges, spread evenly over `windows` days."""
    rng = np.random.default_rng(0)
    scores = np.clip(rng.normal(0.35 + 0.3 * truths(rows), 0.2), 0.0, 1.0).round(4)
    seconds = clock.DAY * max(1, windows) / rows
    with closing(connect(store)) as connection:
        for first in range(0, rows, BATCH):
            with writing(connection):
                connection.executemany(
                    "insert into exchanges (id, model, source, started_at, event_time, status, "
                    "duration_ms, sample_rate, request_type, request_body, response_body, "
                    "request_id) values "
                    "(?, 'm', 'asgi', ?, ?, 200, 1, 1.0, 'application/json', ?, ?, ?)",
                    exchanges(scores, first, min(rows, first + BATCH), seconds),
                )


def exchanges(
    scores: np.ndarray, first: int, last: int, seconds: float
) -> Iterator[tuple[str, ...]]:
    for number in range(first, last):
        when = clock.iso(START + seconds * number)
        score = scores[number]
        body = f'{{"prediction": {int(score >= 0.5)}, "score": {score}}}'
        yield f"{number:032x}", when, when, f'{{"x": {score}}}', body, f"r{number}"


def label(store: Path, rows: int, ids: str) -> None:
    """Store a label for each row, in any order."""
    order = np.random.default_rng(2).permutation(rows)
    values = truths(rows)
    with closing(connect(store)) as connection:
        for first in range(0, rows, BATCH):
            with writing(connection):
                part = order[first : first + BATCH].tolist()
                labels = (
                    Label(f"{n:032x}" if ids == "own" else f"r{n}", 0, int(values[n])) for n in part
                )
                insert_labels(connection, labels, source="benchmark")


def analyze(store: Path, rows: int, windows: int) -> None:
    """Run one analysis."""
    with closing(connect(store)) as connection:
        Analyzer(store, connection, settings(rows, windows)).run(include_open=True)


def peak_mb() -> float:
    """Return the most memory of this process, in MB."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) * 1024 / 1e6


def timed(store: Path, rows: int, windows: int, profile: bool) -> None:
    """Run one analysis in this process as the command does, and print its time and its memory."""
    gc.disable()
    recorder = cProfile.Profile()
    began = time.perf_counter()
    if profile:
        recorder.runcall(analyze, store, rows, windows)
        pstats.Stats(recorder).sort_stats("cumulative").print_stats(45)
    else:
        analyze(store, rows, windows)
    print(f"{time.perf_counter() - began:.2f} {time.process_time():.2f} {peak_mb():.0f}")


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--windows", type=int, default=50, help="days that the rows span")
    parser.add_argument("--ids", choices=("own", "request"), default="own")
    parser.add_argument("--profile", action="store_true")
    parser.add_argument("--store", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.store is not None:
        timed(args.store, args.rows, args.windows, args.profile)
        return
    print(describe("numpy", "scipy", "scikit-learn"))
    with tempfile.TemporaryDirectory() as folder:
        store = Path(folder) / "taps.db"
        fill(store, args.rows, args.windows)
        analyze(store, args.rows, args.windows)
        label(store, args.rows, args.ids)
        words = ["--rows", args.rows, "--windows", args.windows, "--store", store]
        command = [sys.executable, __file__, *map(str, words)]
        if args.profile:
            command.append("--profile")
        output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        *lines, result = output.splitlines()
        print("\n".join(lines))
        seconds, of_processor, megabytes = map(float, result.split())
        with closing(connect(store)) as connection:
            evaluated = connection.execute(
                "select count(*), sum(rows) from metrics where metric = 'roc_auc'"
            ).fetchone()
        print(
            f"{args.rows:,} labels by {args.ids} ids in {evaluated[0]} windows "
            f"({evaluated[1]:,} rows with ROC AUC): {seconds:.1f} s ({of_processor:.1f} s of the "
            f"processor), {megabytes:.0f} MB"
        )
        if seconds > MOST_SECONDS or megabytes > MOST_MB:
            sys.exit(f"more than {MOST_SECONDS:.0f} s or {MOST_MB:.0f} MB")


if __name__ == "__main__":
    main()
