"""One 50,000 x 25 window from decoded columns to PSI, KS, JS and Wasserstein.

    python benchmarks/window_statistics.py [--rows 50000] [--rounds 9]

20 float64 columns and 5 of Python strings, against a reference of as many rows. Beside it the
same by plain NumPy: searchsorted on ten quantile edges and np.unique, and the four formulas on
these counts. Rounds take turns; medians. The last line is all verdicts of the window, quality
and words included.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from machine import describe

from modeltap.analysis.counting.tally import tally
from modeltap.analysis.detectors import COLUMN_DETECTORS, evaluate
from modeltap.analysis.detectors.context import Context
from modeltap.analysis.explanations.explain import explained
from modeltap.analysis.model.reference import Reference, layout
from modeltap.analysis.references.fit import fit
from modeltap.analysis.statistics import distances

Columns = dict[str, Any]
WORDS = np.array(["red", "green", "blue", "white", "black"])


def make(rows: int, seed: int) -> Columns:
    rng = np.random.default_rng(seed)
    columns: Columns = {f"n{i}": rng.normal(size=rows) for i in range(20)}
    columns.update({f"c{i}": rng.choice(WORDS, size=rows).tolist() for i in range(5)})
    return columns


def ours(reference: Reference, columns: Columns, rows: int) -> None:
    counted = tally(columns, rows, reference).counts
    places = layout(reference)
    for feature in reference.features:
        own = counted[places[feature.name]][: feature.bins]
        then = np.array(feature.counts[: feature.bins])
        few, now = distances.coarse(feature, then), distances.coarse(feature, own)
        distances.psi(few, now)
        distances.js(few, now)
        if feature.kind == "numeric":
            distances.ks(then, own)
            distances.wasserstein(then, own, feature)


def verdicts(reference: Reference, columns: Columns, rows: int) -> None:
    context = Context(reference, tally(columns, rows, reference))
    explained(evaluate(context, COLUMN_DETECTORS), context)


def plain_numpy(edges: dict[str, np.ndarray], then: dict[str, np.ndarray], now: Columns) -> None:
    for name, column in now.items():
        if name in edges:
            bins = np.searchsorted(edges[name], column, side="right")
            counted = np.bincount(bins, minlength=len(edges[name]) + 1)
        else:
            _, counted = np.unique(column, return_counts=True)
        p, q = then[name] / then[name].sum() + 1e-9, counted / counted.sum() + 1e-9
        np.sum((q - p) * np.log(q / p))
        middle = (p + q) / 2
        np.sqrt((np.sum(p * np.log2(p / middle)) + np.sum(q * np.log2(q / middle))) / 2)
        if name in edges:
            gap = np.abs(np.cumsum(p) - np.cumsum(q))
            gap.max()
            np.sum(gap[:-2] * np.diff(edges[name]))


def timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=50_000)
    parser.add_argument("--rounds", type=int, default=9)
    args = parser.parse_args()
    rows = args.rows
    print(describe("numpy", "scipy"))
    print(f"{rows} rows x (20 numeric + 5 categorical), {args.rounds} rounds, medians\n")
    then, now = make(rows, 1), make(rows, 2)
    reference = fit(then, rows, model="m")
    edges = {n: np.quantile(c, np.arange(1, 10) / 10) for n, c in then.items() if n[0] == "n"}
    before = {
        name: np.bincount(np.searchsorted(edges[name], column, side="right"))
        if name in edges
        else np.unique(column, return_counts=True)[1]
        for name, column in then.items()
    }
    works: dict[str, Callable[[], object]] = {
        "plain NumPy": lambda: plain_numpy(edges, before, now),
        "modeltap": lambda: ours(reference, now, rows),
        "all verdicts": lambda: verdicts(reference, now, rows),
    }
    times: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(args.rounds):
        for name, work in works.items():
            times[name].append(timed(work))
    floor = statistics.median(times["plain NumPy"])
    for name, seconds in times.items():
        median = statistics.median(seconds)
        print(f"{name:14} {median:7.4f} s  {median / floor:5.2f}x")


if __name__ == "__main__":
    main()
