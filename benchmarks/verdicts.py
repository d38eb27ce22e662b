"""False alarms and power of the drift verdict.

    python benchmarks/verdicts.py [--windows 200] [--power 100]

Reference 10,000 rows, 20 numeric columns (normal and lognormal) and 5 of five words; a new
reference for every 20 windows. 'Any' is the share of windows without drift in which at least one
column raises an alarm, with its 95 % interval; power is the share of windows of 2,000 rows in
which the one changed column does.
"""

from __future__ import annotations

import argparse
from typing import Any

import numpy as np
from machine import describe

from modeltap.analysis.counts import count
from modeltap.analysis.rates import wilson
from modeltap.analysis.reference import Reference, fit
from modeltap.analysis.verdict import judge

WORDS = np.array(list("abcde"))
SHARES = (0.10, 0.30, 0.20, 0.25, 0.15)
CHANGES: dict[str, dict[str, float]] = {
    "shift of .1 sd": {"shift": 0.1}, "shift of .2 sd": {"shift": 0.2},
    "shift of .5 sd": {"shift": 0.5}, "variance x1.2": {"variance": 1.2},
    "variance x1.5": {"variance": 1.5}, "5 % at 5 sd": {"contaminated": 0.05},
    "category .10 to .15": {"category": 0.15},
}  # fmt: skip


def make(
    rng: np.random.Generator, rows: int, *, shift: float = 0.0, variance: float = 1.0,
    contaminated: float = 0.0, category: float = 0.10,
) -> dict[str, Any]:  # fmt: skip
    columns: dict[str, Any] = {
        f"n{i}": rng.normal(size=rows) if i % 2 else rng.lognormal(size=rows) for i in range(20)
    }
    changed = rng.normal(shift, variance**0.5, size=rows)
    changed[rng.random(rows) < contaminated] += 5
    columns["n1"] = changed
    for i in range(5):
        shares = list(SHARES)
        if i == 0:
            shares[0], shares[4] = category, SHARES[4] - (category - SHARES[0])
        columns[f"c{i}"] = rng.choice(WORDS, p=shares, size=rows).tolist()
    return columns


def alarms(reference: Reference, columns: dict[str, Any], rows: int) -> set[str | None]:
    metrics = judge(reference, count(columns, rows, reference))
    return {m.feature for m in metrics if m.verdict == "alert" and m.metric == "drift"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--windows", type=int, default=200)
    parser.add_argument("--power", type=int, default=100)
    said = parser.parse_args()
    rng = np.random.default_rng(0)
    print(describe("numpy", "scipy"))
    print("\nno drift, any-column false alarms")
    for rows in (100, 500, 2000, 10_000, 100_000):
        windows = said.windows if rows < 100_000 else max(20, said.windows // 5)
        false = 0
        for number in range(windows):
            if number % 20 == 0:
                reference = fit(make(rng, 10_000), 10_000, model="m")
            false += bool(alarms(reference, make(rng, rows), rows))
        low, high = wilson(false, windows)
        print(f"n = {rows:7,}  {false / windows:.3f}  ({low:.3f}-{high:.3f}, {windows} windows)")
    print("\npower at n = 2,000")
    reference = fit(make(rng, 10_000), 10_000, model="m")
    for name, change in CHANGES.items():
        column = "c0" if "category" in change else "n1"
        hits = sum(
            column in alarms(reference, make(rng, 2000, **change), 2000) for _ in range(said.power)
        )
        print(f"{name:20}  {hits / said.power:.2f}")
    rows = 1_000_000
    one = fit({"x": rng.normal(size=rows)}, rows, model="m")
    found = alarms(one, {"x": rng.normal(0.01, 1, size=rows)}, rows)
    print(f"\na shift of .01 sd among 1,000,000 rows: {'an alarm' if found else 'no alarm'}")


if __name__ == "__main__":
    main()
