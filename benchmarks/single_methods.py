"""Detectors one by one, where each was wrong before: false alarms of each kind, and faults found.

    python benchmarks/single_methods.py [--only categories,duplicates,embeddings,atoms]
        [--windows 200] [--seed 0]

Reference of 2,000 rows, a new one for every 20 windows. 'Any' is the share of windows without
drift with any alert, with its 95 % interval.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from machine import describe

from modeltap.analysis.counting.sample import sample
from modeltap.analysis.counting.tally import tally
from modeltap.analysis.detectors import (
    COLUMN_DETECTORS,
    duplicate_rate,
    evaluate,
    text_and_vector,
)
from modeltap.analysis.detectors.context import BothSamples, Context
from modeltap.analysis.model.reference import Reference
from modeltap.analysis.references.fit import fit
from modeltap.analysis.statistics.rates import wilson

REFERENCE_ROWS = 2000
SIZES = (100, 500, 2000)
A_REFERENCE = 20
COLUMNS = 8

Columns = dict[str, Any]
Draw = Callable[[np.random.Generator, int], Columns]


def words(shares: np.ndarray) -> Draw:
    names = np.array([f"w{place}" for place in range(len(shares))], dtype=object)
    return lambda rng, n: {
        f"c{i}": names[rng.choice(len(shares), p=shares / shares.sum(), size=n)].tolist()
        for i in range(COLUMNS)
    }


CATEGORIES: dict[str, Draw] = {
    "500 even": words(np.ones(500)),
    "900 even": words(np.ones(900)),
    "100 even": words(np.ones(100)),
    "30 of 1 %, a large one": words(np.array([0.7, *[0.01] * 30])),
    "Zipf of 500": words(1 / np.arange(1, 501)),
    "Zipf of 2,000": words(1 / np.arange(1, 2001)),
    "few": words(np.array([0.4, 0.3, 0.15, 0.1, 0.05])),
    "few, a rare one": words(np.array([0.6, 0.39, 0.007, 0.003])),
    "words of texts": lambda rng, n: {
        "t": [" ".join(f"w{w}" for w in row) for row in rng.integers(0, 1000, (n, 12))]
    },
    "booleans of .5 %": lambda rng, n: {
        f"b{i}": (rng.random(n) < 0.005).tolist() for i in range(COLUMNS)
    },
}


def _one_frequent(rng: np.random.Generator, n: int) -> Columns:
    usual = np.zeros(n) if rng is None else rng.normal(size=n)
    return {"x": np.where(rng.random(n) < 1 / 6, 0.0, usual)}


ROWS: dict[str, Draw] = {
    "one row of zeros in 1/6": _one_frequent,
    "sparse": lambda rng, n: {f"x{i}": (rng.random(n) < 0.1) * 1.0 for i in range(8)},
    "sparse, 30 columns": lambda rng, n: {f"x{i}": (rng.random(n) < 0.03) * 1.0 for i in range(30)},
    "Zipf of 5,000 rows": lambda rng, n: {"x": rng.zipf(1.3, size=n) % 5000 * 1.0},
    "of 1,000 rows": lambda rng, n: {"x": rng.integers(0, 1000, n) * 1.0},
    "none": lambda rng, n: {"x": rng.normal(size=n)},
    "whole numbers, none": lambda rng, n: {
        f"x{i}": rng.integers(0, 100, n) * 1.0 for i in range(6)
    },
}


def embeddings(rng: np.random.Generator, n: int) -> Columns:
    """Unit vectors around a mean."""
    mean = np.random.default_rng(1).normal(size=64) / 8
    vectors = mean + rng.normal(size=(n, 64)) / 8
    return {"e": (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).tolist()}


def context_of(reference: Reference, columns: Columns, rows: int) -> Context:
    return Context(reference, tally(columns, rows, reference))


def shares(
    draw: Draw, alarm: Callable[[Reference, Columns, int], bool], windows: int, seed: int
) -> Iterator[str]:
    rng = np.random.default_rng(seed)
    for rows in SIZES:
        false = 0
        for number in range(windows):
            if number % A_REFERENCE == 0:
                reference = fit(draw(rng, REFERENCE_ROWS), REFERENCE_ROWS, model="m")
            false += alarm(reference, draw(rng, rows), rows)
        low, high = wilson(false, windows)
        yield f"{false / windows:.4f} ({low:.3f}-{high:.3f})"


def column_alarm(reference: Reference, columns: Columns, rows: int) -> bool:
    found = evaluate(context_of(reference, columns, rows), COLUMN_DETECTORS)
    return any(metric.verdict == "alert" for metric in found)


def repeat_alarm(reference: Reference, columns: Columns, rows: int) -> bool:
    return duplicate_rate.evaluate(context_of(reference, columns, rows))[0].verdict == "alert"


def table(kinds: dict[str, Draw], alarm: Any, windows: int, seed: int) -> None:
    print(f"{'any alert':26}" + "".join(f"{f'n = {rows:,}':>24}" for rows in SIZES))
    for kind, draw in kinds.items():
        print(f"{kind:26}", end="", flush=True)
        for column in shares(draw, alarm, windows, seed):
            print(f"{column:>24}", end="", flush=True)
        print()


def vectors(windows: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    for factor in (1.0, 1.3):
        found, areas = 0, []
        for number in range(windows if factor == 1.0 else A_REFERENCE):
            if number % A_REFERENCE == 0:
                columns = embeddings(rng, 1000)
                reference = fit(columns, 1000, model="m")
                then = sample(columns, 1000, reference)
            now = [[factor * one for one in row] for row in embeddings(rng, 500)["e"]]
            samples = BothSamples(then, sample({"e": now}, 500, reference))
            context = Context(reference, tally({"e": now}, 500, reference), samples=samples)
            drift = next(m for m in text_and_vector.evaluate(context) if m.metric == "drift")
            found += drift.verdict == "alert"
            areas.append(0.5 + (drift.value or 0.0))
        print(
            f"unit vectors with a mean, x{factor}: "
            f"{found} of {number + 1}, AUC {np.mean(areas):.2f}"
        )


FAULTS: dict[str, Callable[[np.random.Generator, np.ndarray, np.ndarray], np.ndarray]] = {
    "a default (0) in 5 %": lambda rng, x, _: np.where(rng.random(len(x)) < 0.05, 0.0, x),
    "the median in 5 %": lambda rng, x, then: np.where(
        rng.random(len(x)) < 0.05, np.median(then), x
    ),
    "the mean in 5 %": lambda rng, x, then: np.where(rng.random(len(x)) < 0.05, then.mean(), x),
    "a cap at the 95 % point": lambda _, x, then: np.minimum(x, np.quantile(then, 0.95)),
    "rounded to a tenth": lambda _, x, then: np.round(x / (then.std() / 10)) * (then.std() / 10),
    "-999 in 5 %": lambda rng, x, _: np.where(rng.random(len(x)) < 0.05, -999.0, x),
}
NUMBERS: dict[str, Callable[[np.random.Generator, int], np.ndarray]] = {
    "normal": lambda rng, n: rng.normal(size=n),
    "lognormal": lambda rng, n: rng.lognormal(size=n),
    "uniform": lambda rng, n: rng.random(n),
    "wide": lambda rng, n: rng.normal(-900, 400, size=n),
    "counts of 50": lambda rng, n: rng.poisson(50, n) * 1.0,
}


def atoms(seed: int) -> None:
    """Of 20 windows of 1,000 rows, a column among 24 that do not change."""
    rng = np.random.default_rng(seed)
    print(f"{'found of 20':26}" + "".join(f"{name:>14}" for name in NUMBERS))
    for fault, change in FAULTS.items():
        print(f"{fault:26}", end="")
        for draw in NUMBERS.values():
            found = 0
            for number in range(20):
                if number % 5 == 0:
                    then = draw(rng, REFERENCE_ROWS)
                    others = {f"p{i}": [0.0, 1.0] * (REFERENCE_ROWS // 2) for i in range(24)}
                    reference = fit({"x": then, **others}, REFERENCE_ROWS, model="m")
                columns = {"x": change(rng, draw(rng, 1000), then)}
                metrics = evaluate(context_of(reference, columns, 1000), COLUMN_DETECTORS)
                found += any(m.verdict == "alert" and m.feature == "x" for m in metrics)
            print(f"{found:14}", end="", flush=True)
        print()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", default="categories,duplicates,embeddings,atoms")
    parser.add_argument("--windows", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    started = time.perf_counter()
    print(describe("numpy", "scipy"))
    parts: dict[str, Callable[[], None]] = {
        "categories": lambda: table(CATEGORIES, column_alarm, args.windows, args.seed),
        "duplicates": lambda: table(ROWS, repeat_alarm, args.windows, args.seed),
        "embeddings": lambda: vectors(args.windows, args.seed),
        "atoms": lambda: atoms(args.seed),
    }
    for name in args.only.split(","):
        print(f"\n{name}")
        parts[name]()
    print(f"\n{time.perf_counter() - started:.0f} s")


if __name__ == "__main__":
    main()
