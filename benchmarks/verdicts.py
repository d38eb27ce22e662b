"""False alarms and power of the verdicts.

    python benchmarks/verdicts.py [--windows 1000] [--power 200] [--seed 0] [--sizes 100,500]

Reference 10,000 rows, 20 numeric columns of five shapes and 5 of five words; a new reference for
every 20 windows. 'Any' is the share of windows without drift in which at least one column raises
an alarm, of drift or of quality, with its 95 % interval; power is the share of windows of 2,000
rows in which the one changed column does. Rows are drawn from a pool of a million, so that
thousands of windows are drawn in minutes: reference and windows are draws from one distribution.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from machine import describe
from scipy.special import ndtr, ndtri

from modeltap.analysis.counting.tally import tally
from modeltap.analysis.detectors import COLUMN_DETECTORS, evaluate
from modeltap.analysis.detectors.context import ALPHA, DRIFT_FLOOR, Context, Sensitivity
from modeltap.analysis.model.reference import Reference
from modeltap.analysis.references.fit import fit
from modeltap.analysis.statistics.rates import wilson

WORDS = np.array(list("abcde"))
SHARES = (0.10, 0.30, 0.20, 0.25, 0.15)
SIZES = (100, 500, 2000, 10_000, 100_000)
REFERENCE_ROWS = 10_000
POWER_ROWS = 2000
POOL = 1_000_000

Draw = Callable[[np.random.Generator, int], np.ndarray]
SHAPES: dict[str, Draw] = {
    "normal": lambda rng, n: rng.normal(size=n),
    "lognormal": lambda rng, n: rng.lognormal(size=n),
    "uniform": lambda rng, n: rng.random(n),
    "counts": lambda rng, n: rng.poisson(3, size=n).astype(float),
    "zero-inflated": lambda rng, n: np.where(rng.random(n) < 0.6, 0.0, rng.exponential(size=n)),
}


class Pool:
    """25 columns to draw rows from."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng
        self._numbers = [draw(rng, POOL) for draw in SHAPES.values()]
        codes = rng.choice(5, p=SHARES, size=POOL)
        self._words = WORDS.astype(object)[codes]

    def rows(self, count: int) -> dict[str, Any]:
        columns: dict[str, Any] = {}
        for i in range(20):
            columns[f"n{i}"] = self._numbers[i % 5][self._picked(count)]
        for i in range(5):
            columns[f"c{i}"] = self._words[self._picked(count)].tolist()
        return columns

    def _picked(self, count: int) -> np.ndarray:
        return self._rng.integers(0, POOL, size=count)


def alarms(
    reference: Reference, columns: dict[str, Any], rows: int, sensitivity: Sensitivity = "normal"
) -> set[str | None]:
    context = Context(
        reference,
        tally(columns, rows, reference),
        alpha=ALPHA[sensitivity],
        drift_floor=DRIFT_FLOOR[sensitivity],
    )
    metrics = evaluate(context, COLUMN_DETECTORS)
    return {metric.feature for metric in metrics if metric.verdict == "alert"}


def false_alarms(
    pool: Pool, rows: int, windows: int, sensitivity: Sensitivity = "normal"
) -> tuple[float, float, float]:
    false = 0
    for number in range(windows):
        if number % 20 == 0:
            reference = fit(pool.rows(REFERENCE_ROWS), REFERENCE_ROWS, model="m")
        false += bool(alarms(reference, pool.rows(rows), rows, sensitivity))
    low, high = wilson(false, windows)
    return false / windows, low, high


CHANGES: dict[str, Callable[[np.random.Generator, np.ndarray, float], np.ndarray]] = {
    "shift of .1 sd": lambda _, x, sd: x + 0.1 * sd,
    "shift of .2 sd": lambda _, x, sd: x + 0.2 * sd,
    "shift of .5 sd": lambda _, x, sd: x + 0.5 * sd,
    "variance x1.2": lambda _, x, sd: x * 1.2**0.5,
    "variance x1.5": lambda _, x, sd: x * 1.5**0.5,
    "5 % at 5 sd": lambda rng, x, sd: x + (rng.random(len(x)) < 0.05) * 5 * sd,
}


def power(rng: np.random.Generator, change: str, shape: str, windows: int) -> float:
    """Among 24 columns that do not change, for the level is divided by 25."""
    draw = SHAPES[shape]
    deviation = float(draw(rng, 1_000_000).std())
    hits = 0
    for number in range(windows):
        if number % 20 == 0:
            reference = padded({"x": draw(rng, REFERENCE_ROWS)}, REFERENCE_ROWS)
        now = CHANGES[change](rng, draw(rng, POWER_ROWS), deviation)
        hits += "x" in alarms(reference, {"x": now}, POWER_ROWS)
    return hits / windows


def limits() -> dict[tuple[str, str], float]:
    """Return the power of the best test there is for a change, where it is known and below 1.

    Whoever knows the family can do no better, at this level, than to compare the means: of normal
    values, of lognormal ones' logarithms, of the amounts that are not zero; of a normal spread,
    the logarithms of the variances. Each estimate is as sure as the two samples' rows make it.
    """
    critical = ndtri(1 - ALPHA["normal"] / 25 / 2)
    parts = 1 / REFERENCE_ROWS + 1 / POWER_ROWS
    found = {("shift of .1 sd", "normal"): ndtr(0.1 / parts**0.5 - critical)}
    for growth in (1.2, 1.5):
        change, scale = f"variance x{growth}", np.log(growth) / 2
        found[change, "normal"] = ndtr(2 * scale / (2 * parts) ** 0.5 - critical)
        found[change, "lognormal"] = ndtr(scale / parts**0.5 - critical)
        found[change, "zero-inflated"] = ndtr(scale / (parts / 0.4) ** 0.5 - critical)
    return {subject: float(one) for subject, one in found.items() if one < 0.995}


def category_power(rng: np.random.Generator, share: float, windows: int) -> float:
    """A category gains five points, the others lose them in proportion."""
    others = np.array([0.4, 0.3, 0.2, 0.1])
    then, now = [np.append(s, others * (1 - s)) for s in (share, share + 0.05)]
    hits = 0
    for number in range(windows):
        if number % 20 == 0:
            words = WORDS[rng.choice(5, p=then, size=REFERENCE_ROWS)].tolist()
            reference = padded({"x": words}, REFERENCE_ROWS)
        drawn = WORDS[rng.choice(5, p=now, size=POWER_ROWS)].tolist()
        hits += "x" in alarms(reference, {"x": drawn}, POWER_ROWS)
    return hits / windows


def padded(columns: dict[str, Any], rows: int) -> Reference:
    """A reference with 24 more columns; windows do not have them, which is quality's matter."""
    return fit(
        {**columns, **{f"p{i}": [0.0, 1.0] * (rows // 2) for i in range(24)}}, rows, model="m"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--windows", type=int, default=1000)
    parser.add_argument("--power", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--sizes", default=",".join(map(str, SIZES)), help="rows a window")
    args = parser.parse_args()
    rng = np.random.default_rng(args.seed)
    started = time.perf_counter()
    print(describe("numpy", "scipy"))
    pool = Pool(rng)
    print("\nno drift: windows with a false alarm in any of 25 columns")
    for rows in map(int, args.sizes.split(",")):
        rate, low, high = false_alarms(pool, rows, args.windows)
        print(
            f"n = {rows:7,}  {rate:.4f}  ({low:.4f}-{high:.4f}, {args.windows} windows)", flush=True
        )
    if not args.power:
        return
    for sensitivity in ("low", "high"):
        rate, low, high = false_alarms(pool, 2000, args.windows, sensitivity)
        print(f"n =   2,000, sensitivity {sensitivity}: {rate:.4f}  ({low:.4f}-{high:.4f})")
    print(f"\npower at n = {POWER_ROWS:,}, {args.power} windows each")
    print(f"{'':16}" + "".join(f"{shape:>15}" for shape in SHAPES) + f"{'mean':>8}")
    for change in CHANGES:
        found = [power(rng, change, shape, args.power) for shape in SHAPES]
        print(
            f"{change:16}" + "".join(f"{one:15.2f}" for one in found) + f"{np.mean(found):8.2f}",
            flush=True,
        )
    listed = ", ".join(f"{' of '.join(one)} {most:.2f}" for one, most in limits().items())
    print(f"the best test there is, at this level: {listed}")
    shares = (0.05, 0.10, 0.20, 0.30, 0.50, 0.70)
    found = [category_power(rng, share, args.power) for share in shares]
    listed = ", ".join(f"{share:.2f}: {one:.2f}" for share, one in zip(shares, found, strict=True))
    print(f"a category's share + .05, from {listed}; mean {np.mean(found):.2f}")
    rows = 1_000_000
    one = fit({"x": rng.normal(size=rows)}, rows, model="m")
    any_alarm = alarms(one, {"x": rng.normal(0.01, 1, size=rows)}, rows)
    print(f"a shift of .01 sd among 1,000,000 rows: {'an alarm' if any_alarm else 'no alarm'}")
    print(f"\n{time.perf_counter() - started:.0f} s")


if __name__ == "__main__":
    main()
