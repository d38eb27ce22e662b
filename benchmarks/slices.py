"""The search for slices: planted ones, false alarms, time and memory, beside SliceLine.

    python benchmarks/slices.py [--seeds 200] [--rows 10000] [--peer PYTHON] [--peer-seconds 120]

Made-up rows with eight numeric and four categorical features. Three results:

- A slice is planted: three times the error in 3 % of the rows, by a category and a range of a
  number. Counted are the seeds in which the first slice has conditions on exactly these two
  features, and shares at least half of its rows with the planted one.
- None is planted: the seeds in which any slice is reported.
- Time and memory of a search of 100,000 rows and 25 features, from arrays and from a store.

PYTHON is an interpreter that has the package `sliceline` (0.3 at the time of writing), which
searches the same columns in the same bins, with alpha = 0.95 and at most two conditions. It has no
ranges of bins, so that only the two features count, and no test, so its false alarms are not
counted. A seed for which it takes more than `--peer-seconds` is counted separately.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from machine import describe

from modeltap import clock
from modeltap.analysis.slices.error_rows import ErrorRows
from modeltap.analysis.slices.slice_columns import in_bins
from modeltap.analysis.slices.worst_slices import worst_slices
from modeltap.config.settings import Settings
from modeltap.jobs.pipeline import Analyzer
from modeltap.store.connection import connect, writing
from modeltap.store.exchanges import ExchangeRow, insert_exchanges
from modeltap.store.labelled_rows import LabelledPrediction
from modeltap.store.labels import Label, insert_labels

NUMBERS, CATEGORIES = 8, 4
MANY_ROWS = 100_000
MANY = (20, 5)
START = 1_704_067_200.0
"""2024-01-01: the rows are a second apart."""

PEER = """
import sys, json, numpy as np
from sliceline.slicefinder import Slicefinder
data = np.load(sys.argv[1])
finder = Slicefinder(alpha=0.95, k=1, max_l=2, min_sup=50, verbose=False)
finder.fit(data["codes"], data["errors"])
top = finder.top_slices_
print(json.dumps([None if v is None else int(v) for v in top[0]] if len(top) else []))
"""


def features(rng: np.random.Generator, rows: int, numbers: int, categories: int) -> dict[str, Any]:
    """Return columns of normal numbers and of six categories of different frequencies."""
    columns: dict[str, Any] = {f"x{n}": rng.normal(size=rows).tolist() for n in range(numbers)}
    shares = np.array([0.3, 0.2, 0.2, 0.12, 0.1, 0.08])
    for n in range(categories):
        columns[f"c{n}"] = rng.choice(list("abcdef"), rows, p=shares).tolist()
    return columns


def planted(columns: dict[str, Any]) -> np.ndarray:
    """Return the rows of the slice: a fifth by a category, of these 15 % by a number."""
    return (np.array(columns["c1"]) == "b") & (np.array(columns["x2"]) > 1.0364)


def errors_of(rng: np.random.Generator, times: np.ndarray, binary: bool) -> np.ndarray:
    """Return wrong predictions, a tenth of the rows, or absolute errors, `times` as large."""
    if binary:
        return (rng.random(len(times)) < 0.1 * times).astype(np.float64)
    return np.abs(rng.normal(size=len(times))) * times


def rows_of(columns: dict[str, Any], errors: np.ndarray, binary: bool) -> ErrorRows:
    """Return rows as from a store."""
    stored = [LabelledPrediction(0, 0, exchange_id=f"{n:x}") for n in range(len(errors))]
    return ErrorRows(stored, errors, binary=binary, columns=columns)


def is_planted(names: set[str], own: np.ndarray, meant: np.ndarray) -> bool:
    """Return whether a slice is the planted one."""
    shared = np.sum(own & meant) / np.sum(own | meant)
    return names == {"c1", "x2"} and bool(shared >= 0.5)


def first_is_planted(rows: ErrorRows, mask: np.ndarray) -> bool:
    slices = worst_slices(rows, Settings()).slices
    if not slices:
        return False
    own = np.zeros(len(mask), dtype=bool)
    own[[int(row.exchange_id, 16) for row in slices[0].rows]] = True
    return is_planted({condition.column for condition in slices[0].conditions}, own, mask)


class Peer(NamedTuple):
    """The interpreter of SliceLine, and the seconds that it has for a seed."""

    python: str
    seconds: float


class PeerSeeds(NamedTuple):
    """The seeds in which SliceLine has the planted slice first, and those it did not finish."""

    first: int = 0
    unfinished: int = 0

    def add(self, is_first: bool | None) -> PeerSeeds:
        return PeerSeeds(self.first + bool(is_first), self.unfinished + (is_first is None))


def peer_is_planted(peer: Peer, rows: ErrorRows, mask: np.ndarray) -> bool | None:
    """Return whether the first slice of SliceLine is about the planted features; None if it took
    too long."""
    columns = in_bins(rows.columns, len(mask), Settings()).columns
    codes = np.column_stack([column.codes for column in columns]) + 1
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "rows.npz"
        np.savez(file, codes=codes, errors=rows.errors)
        try:
            done = subprocess.run(
                [peer.python, "-c", PEER, str(file)],
                capture_output=True,
                text=True,
                check=True,
                timeout=peer.seconds,
            )
        except subprocess.TimeoutExpired:
            return None
    top = json.loads(done.stdout.splitlines()[-1])
    conditions = {n: value for n, value in enumerate(top) if value is not None}
    return {columns[n].name for n in conditions} == {"c1", "x2"}


def count_seeds(
    seeds: int, size: int, binary: bool, peer: Peer | None
) -> tuple[int, int, PeerSeeds]:
    """Return the seeds with the planted slice first, with a false alarm, and SliceLine's."""
    first = alarms = 0
    others = PeerSeeds()
    for seed in range(seeds):
        rng = np.random.default_rng(seed)
        columns = features(rng, size, NUMBERS, CATEGORIES)
        mask = planted(columns)
        rows = rows_of(columns, errors_of(rng, np.where(mask, 3.0, 1.0), binary), binary)
        first += first_is_planted(rows, mask)
        if peer:
            others = others.add(peer_is_planted(peer, rows, mask))
        plain = rows_of(columns, errors_of(rng, np.ones(size), binary), binary)
        alarms += bool(worst_slices(plain, Settings()).slices)
    return first, alarms, others


class Cost(NamedTuple):
    """The elapsed and the processor seconds of a search, and its peak memory in MB."""

    seconds: float
    processor: float
    megabytes: float

    def __str__(self) -> str:
        return (
            f"{self.seconds:.1f} s ({self.processor:.1f} s of processor time), "
            f"{self.megabytes:.0f} MB"
        )


def time_arrays() -> Cost:
    """Return the cost of a search among many rows in memory."""
    rng = np.random.default_rng(0)
    columns = features(rng, MANY_ROWS, *MANY)
    rows = rows_of(columns, errors_of(rng, np.where(planted(columns), 3.0, 1.0), True), True)
    start, busy = time.perf_counter(), time.process_time()
    worst_slices(rows, Settings())
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return Cost(time.perf_counter() - start, time.process_time() - busy, peak)


def fill(store: Path) -> None:
    """Write labelled exchanges to a store, and analyse them."""
    rng = np.random.default_rng(0)
    columns = features(rng, MANY_ROWS, *MANY)
    wrong = errors_of(rng, np.where(planted(columns), 3.0, 1.0), True).astype(int)
    names, times = list(columns), [clock.iso(START + n) for n in range(MANY_ROWS)]
    with closing(connect(store, create=True)) as connection:
        rows = [
            ExchangeRow(
                id=f"{n:x}",
                model="m",
                source="import",
                started_at=times[n],
                event_time=times[n],
                status=200,
                request_type="application/json",
                request_body=json.dumps(dict(zip(names, values, strict=True))),
                response_body=json.dumps({"prediction": n % 2}),
            )
            for n, values in enumerate(zip(*columns.values(), strict=True))
        ]
        with writing(connection):
            insert_exchanges(connection, rows)
            labels = [Label(f"{n:x}", 0, (n + own) % 2) for n, own in enumerate(wrong.tolist())]
            insert_labels(connection, labels, source="benchmark")
        Analyzer(store, connection, {"multivariate": False}).run()


def time_store() -> Cost:
    """Return the cost of `modeltap slices`, including the start of Python."""
    code = (
        "import json, resource, sys, time; sys.argv[0] = 'modeltap'\n"
        "from modeltap.cli.main import main\n"
        "try: main()\n"
        "finally: print(time.process_time(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, "
        "file=sys.stderr)"
    )
    with tempfile.TemporaryDirectory() as folder:
        store = Path(folder) / "taps.db"
        subprocess.run([sys.executable, __file__, "--fill", str(store)], check=True)
        start = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-c", code, "slices", "--json", "--store", str(store)],
            capture_output=True,
            text=True,
            check=True,
        )
        seconds = time.perf_counter() - start
    print(f"  first slice: {json.loads(done.stdout.splitlines()[0])['slice']}")
    processor, kilobytes = done.stderr.split()[-2:]
    return Cost(seconds, float(processor), int(kilobytes) / 1024)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seeds", type=int, default=200)
    parser.add_argument("--rows", type=int, default=10_000)
    parser.add_argument("--peer", help="a Python interpreter with the package sliceline")
    parser.add_argument("--peer-seconds", type=float, default=120.0, help="for a seed")
    parser.add_argument("--skip-cost", action="store_true", help="only count seeds")
    parser.add_argument("--fill", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.fill:
        fill(arguments.fill)
        return
    print(describe())
    if not arguments.skip_cost:
        print(f"{MANY_ROWS:,} rows x {sum(MANY)} features from arrays: {time_arrays()}")
        print(f"the same by `modeltap slices` from a store: {time_store()}")
    peer = Peer(arguments.peer, arguments.peer_seconds) if arguments.peer else None
    for binary in (True, False):
        kind = "wrong predictions" if binary else "absolute errors"
        first, alarms, others = count_seeds(arguments.seeds, arguments.rows, binary, peer)
        of = f"of {arguments.seeds}, {arguments.rows:,} rows"
        print(f"{kind}: planted slice first in {first}, false alarms in {alarms} ({of})")
        if peer:
            late = f"{others.unfinished} took more than {peer.seconds:g} s"
            print(f"  SliceLine: planted slice first in {others.first}; {late}")


if __name__ == "__main__":
    main()
