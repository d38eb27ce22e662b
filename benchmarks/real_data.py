"""Alerts of the whole pipeline on four real data sets: imported, analysed, the alerts read back.

    python benchmarks/real_data.py --data ../shared/data [--only car_loan] [--windows 1000]

Each set goes into a store by `modeltap import`, and through the analyzer; what is printed are its
alerts. `car_loan` (synthetic, by NannyML) is known to drift from row 75,000 on in four columns
and the score; `dq` is the same with more missing values and a new category. `bike_sharing` and
`nyc_flights` have seasons: they are compared with the weeks before. Shuffled, nothing drifts.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
from machine import describe

from modeltap.analysis.counting.tally import tally
from modeltap.analysis.detectors import COLUMN_DETECTORS, evaluate
from modeltap.analysis.detectors.context import Context
from modeltap.analysis.references.fit import fit
from modeltap.analysis.statistics.rates import wilson
from modeltap.ingest.files.table import open_table
from modeltap.ingest.importer import import_table
from modeltap.ingest.roles import choose_roles
from modeltap.jobs.pipeline import Analyzer
from modeltap.store.connection import connect

SETS: dict[str, dict[str, Any]] = {
    "car_loan": {
        "file": "car_loan/data.csv.gz",
        "timestamp": "timestamp",
        "label": "repaid",
        "prediction": "y_pred",
        "score": "y_pred_proba",
        "ignore": ["id", "period"],
        "args": {"window": "5000 rows", "reference": "first 50000 rows"},
    },
    "dq": {
        "file": "car_loan/dq.csv.gz",
        "timestamp": "timestamp",
        "label": "repaid",
        "prediction": "y_pred",
        "score": "y_pred_proba",
        "ignore": ["id", "period"],
        "args": {"window": "5000 rows", "reference": "first 50000 rows"},
    },
    "bike_sharing": {
        "file": "bike_sharing/data.csv.gz",
        "label": "cnt",
        "ignore": ["yr", "mnth"],
        "args": {"window": "7d", "reference": "previous 56d"},
    },
    "nyc_flights": {
        "file": "nyc_flights/data.csv.gz",
        "label": "arr_delay",
        "ignore": ["dep_delay", "air_time"],
        "args": {"window": "7d", "reference": "previous 28d"},
    },
    "adult": {"file": "adult/data.csv.gz", "label": "class", "ignore": []},
}
SIZES = (100, 500, 2000)
_OF_ONE = 20


def alerts_of(data: Path, name: str) -> None:
    about = SETS[name]
    with tempfile.TemporaryDirectory() as folder:
        store = Path(folder) / "taps.db"
        connection = connect(store)
        table = open_table(data / about["file"])
        timestamp = about.get("timestamp") or _time_column(table.columns)
        roles = choose_roles(
            table,
            timestamp=timestamp,
            label=about["label"],
            prediction=about.get("prediction"),
            score=about.get("score"),
            ignore=[c for c in about["ignore"] if c in table.columns],
        )
        started = time.perf_counter()
        done = import_table(connection, table, roles, model=name)
        imported = time.perf_counter() - started
        report = Analyzer(store, connection, about["args"]).run(include_open=True)
        took = time.perf_counter() - started - imported
        print(
            f"\n{name}: {done.rows:,} rows imported in {imported:.0f} s, {report.windows} "
            f"windows analysed in {took:.0f} s; {about['args']}"
        )
        _tell(connection)
        connection.close()


def _time_column(columns: list[str]) -> str:
    return next(c for c in columns if c in ("timestamp", "time", "datetime", "time_hour"))


def _tell(connection: Any) -> None:
    rows = connection.execute(
        "select rule, metric, ifnull(feature, '') as feature, window_start, last_window_start, "
        "summary from alerts order by window_start, rule, feature"
    ).fetchall()
    windows = connection.execute("select window_start from windows order by 1").fetchall()
    numbers = {row[0]: number for number, row in enumerate(windows)}
    for row in rows:
        first, last = (
            numbers.get(row["window_start"], -1),
            numbers.get(row["last_window_start"], -1),
        )
        print(
            f"  windows {first:3}-{last:3} {row['window_start'][:10]} {row['rule']:16} "
            f"{row['metric']:18} {row['feature']:24} {row['summary'][:110]}"
        )
    print(f"  {len(rows)} alerts in {len(windows)} windows")


def shuffled(data: Path, name: str, wanted: int) -> None:
    """Count false alarms: some shuffled rows are the reference, windows are taken from the rest.

    No more than `_OF_ONE` windows share a reference: what it has by chance, all of them see.
    """
    columns, rows = _columns(data, SETS[name])
    rng = np.random.default_rng(0)
    for size in SIZES:
        false, windows = 0, 0
        culprits: Counter[str] = Counter()
        while windows < wanted:
            order = rng.permutation(rows)
            half = min(rows // 2, 10_000)
            reference = fit(_taken(columns, order[:half]), half, model="m")
            rest = order[half:]
            for start in range(0, min(len(rest), _OF_ONE * size) - size + 1, size):
                part = _taken(columns, rest[start : start + size])
                context = Context(reference, tally(part, size, reference))
                found = {
                    f"{m.feature} {m.metric}"
                    for m in evaluate(context, COLUMN_DETECTORS)
                    if m.verdict == "alert"
                }
                windows += 1
                false += bool(found)
                culprits.update(found)
        low, high = wilson(false, windows)
        worst = ", ".join(f"{name} {times}" for name, times in culprits.most_common(2))
        print(
            f"{name:13} {len(columns):3} columns, n = {size:5,}  {false / windows:.4f} "
            f"({low:.4f}-{high:.4f}, {windows} windows)  {worst}",
            flush=True,
        )


def _columns(data: Path, about: dict[str, Any]) -> tuple[dict[str, list[Any]], int]:
    table = open_table(data / about["file"])
    skipped = {*about["ignore"], about["label"]}
    rows = [row for _, row in table.rows()]
    names = [name for name in table.columns if name not in skipped]
    return {name: [row[name] for row in rows] for name in names}, len(rows)


def _taken(columns: dict[str, list[Any]], places: np.ndarray) -> dict[str, list[Any]]:
    picked = places.tolist()
    return {name: [column[place] for place in picked] for name, column in columns.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--only", choices=list(SETS))
    parser.add_argument("--windows", type=int, default=1000)
    args = parser.parse_args()
    if not (args.data / "car_loan").is_dir():
        sys.exit(
            f"--data {str(args.data)!r} has no folder car_loan; give the folder of the data sets"
        )
    print(describe("numpy", "scipy"))
    names = [args.only] if args.only else list(SETS)
    for name in names:
        if "args" in SETS[name]:
            alerts_of(args.data, name)
    print("\nshuffled rows: windows with a false alarm in any column")
    for name in names:
        if name != "dq" and args.windows:
            shuffled(args.data, name, args.windows)


if __name__ == "__main__":
    main()
