"""Multivariate drift, texts and vectors: false alarms, power, and what each look costs.

    python benchmarks/multivariate.py [--windows 300] [--power 30]

Reference 10,000 rows of 20 numbers and 5 categories, two of the numbers correlated; of both sides
at most 2,000 rows are looked at. Times are of a window of 50,000 rows, each part by itself.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from machine import describe

from modeltap.analysis.counting.sample import ROWS, Sample, choose, sample
from modeltap.analysis.counting.tally import tally
from modeltap.analysis.detectors import (
    ROW_DETECTORS,
    evaluate,
    row_outliers,
    text_and_vector,
)
from modeltap.analysis.detectors.context import BothSamples, Context
from modeltap.analysis.learners.separating_forest import SeparatingForest
from modeltap.analysis.model.reference import Reference
from modeltap.analysis.references.fit import fit
from modeltap.analysis.statistics.classifier import DomainClassifier
from modeltap.analysis.statistics.components import Components, Reconstruction
from modeltap.analysis.statistics.matrix import matrix
from modeltap.analysis.statistics.rates import wilson

WORDS = np.array(list("abcde"))
TOPICS = ["my parcel is late", "the size is wrong", "the lid came broken", "very kind staff"]
REFERENCE_ROWS = 10_000
ALPHA = 0.01


def table(rng: np.random.Generator, rows: int, rho: float = 0.8, shift: float = 0.0) -> Any:
    values = rng.normal(size=(rows, 20))
    values[:, 1] = rho * values[:, 0] + (1 - rho**2) ** 0.5 * values[:, 1]
    values[:, 2] += shift
    columns: dict[str, Any] = {f"n{i}": values[:, i] for i in range(20)}
    columns.update({f"c{i}": rng.choice(WORDS, size=rows).tolist() for i in range(5)})
    return columns


def texts(rng: np.random.Generator, rows: int, new: float = 0.0) -> Any:
    args = [
        TOPICS[i] + f" order {n}"
        for i, n in zip(rng.integers(0, 4, rows), rng.integers(1000, 9999, rows), strict=True)
    ]
    for place in np.flatnonzero(rng.random(rows) < new).tolist():
        args[place] = f"an invoice with the wrong sum {place}"
    return {"t": args}


def vectors(rng: np.random.Generator, rows: int, turn: float = 0.0) -> Any:
    found = rng.normal(size=(rows, 256))
    found[:, :8] += turn
    return {"v": found.tolist()}


def sampled(columns: Any, rows: int, reference: Reference) -> Sample:
    picked = choose((str(place), 0) for place in range(rows))
    part = {name: [column[place] for place in picked] for name, column in columns.items()}
    return sample(part, len(picked), reference)


def context(reference: Reference, then: Sample, now: Sample) -> Context:
    nothing = tally({}, 0, reference)
    return Context(reference, nothing, alpha=ALPHA, samples=BothSamples(then, now))


def alarms(make: Callable[[int], Any], usual: Callable[[int], Any], rows: int, windows: int) -> Any:
    """Count windows with an alarm, by metric; a new reference for every 20."""
    found: dict[str, int] = {}
    for number in range(windows):
        if number % 20 == 0:
            columns = usual(REFERENCE_ROWS)
            reference = fit(columns, REFERENCE_ROWS, model="m")
            then = sampled(columns, REFERENCE_ROWS, reference)
        now = sampled(make(rows), rows, reference)
        for metric in evaluate(context(reference, then, now), ROW_DETECTORS):
            if metric.verdict is not None:
                name = metric.metric
                found[name] = found.get(name, 0) + (metric.verdict == "alert")
    return found


def timed(work: Callable[[], object]) -> float:
    times = []
    for _ in range(5):
        started = time.perf_counter()
        work()
        times.append(time.perf_counter() - started)
    return statistics.median(times)


def costs(rng: np.random.Generator) -> None:
    rows = 50_000
    columns, window = table(rng, REFERENCE_ROWS), table(rng, rows)
    reference = fit(columns, REFERENCE_ROWS, model="m")
    then = sampled(columns, REFERENCE_ROWS, reference)
    now = sampled(window, rows, reference)
    a, b = matrix(then, reference), matrix(now, reference)
    print(f"\na window of {rows:,} rows x 25, of which {ROWS:,} are looked at")
    print(f"choosing and coding   {timed(lambda: sampled(window, rows, reference)):6.3f} s")
    trees = timed(lambda: DomainClassifier(a.values, b.values, SeparatingForest))
    print(f"domain classifier     {trees:6.3f} s")
    components = timed(lambda: Reconstruction(Components(a.values), b.values))
    print(f"principal components  {components:6.3f} s")

    window_context = context(reference, then, now)

    def forest() -> None:
        then.learnt.clear()
        row_outliers.evaluate(window_context)

    print(f"isolation forest      {timed(forest):6.3f} s")
    again = timed(lambda: row_outliers.evaluate(window_context))
    print(f"of the next window    {again:6.3f} s")
    for name, make in (("texts", texts), ("vectors of 256", vectors)):
        columns = make(rng, REFERENCE_ROWS)
        reference = fit(columns, REFERENCE_ROWS, model="m")
        then = sampled(columns, REFERENCE_ROWS, reference)
        window = make(rng, ROWS)
        coded = timed(lambda window=window, reference=reference: sampled(window, ROWS, reference))
        now = sampled(window, ROWS, reference)
        took = timed(
            lambda now=now, then=then, reference=reference: text_and_vector.evaluate(
                context(reference, then, now)
            )
        )
        print(f"{name:20}  {took:6.3f} s, and {coded:.3f} s to code {ROWS:,}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--windows", type=int, default=300)
    parser.add_argument("--power", type=int, default=30)
    args = parser.parse_args()
    rng = np.random.default_rng(0)
    print(describe("numpy", "scipy", "scikit-learn"))
    print("\nno drift: windows with a false alarm")
    for rows in (100, 500, 2000):
        found = alarms(lambda n: table(rng, n), lambda n: table(rng, n), rows, args.windows)
        _print(f"25 columns, n = {rows:,}", found, args.windows)
    found = alarms(lambda n: texts(rng, n), lambda n: texts(rng, n), 500, args.windows // 3)
    _print("texts, n = 500", found, args.windows // 3)
    found = alarms(lambda n: vectors(rng, n), lambda n: vectors(rng, n), 500, args.windows // 3)
    _print("vectors, n = 500", found, args.windows // 3)
    print("\npower at n = 2,000: windows with an alarm")
    changes: dict[str, tuple[Callable[[int], Any], Callable[[int], Any]]] = {
        "correlation .8 to 0": (lambda n: table(rng, n, rho=0.0), lambda n: table(rng, n)),
        "correlation .8 to .5": (lambda n: table(rng, n, rho=0.5), lambda n: table(rng, n)),
        "a shift of .5 sd": (lambda n: table(rng, n, shift=0.5), lambda n: table(rng, n)),
        "texts, 10 % of a new topic": (lambda n: texts(rng, n, 0.1), lambda n: texts(rng, n)),
        "vectors, 8 of 256 by .3 sd": (lambda n: vectors(rng, n, 0.3), lambda n: vectors(rng, n)),
    }
    for name, (make, usual) in changes.items():
        _print(name, alarms(make, usual, 2000, args.power), args.power)
    costs(rng)


def _print(name: str, found: dict[str, int], windows: int) -> None:
    for metric, count in found.items():
        low, high = wilson(count, windows)
        print(f"{name:28} {metric:20} {count / windows:.3f}  ({low:.3f}-{high:.3f})", flush=True)


if __name__ == "__main__":
    main()
