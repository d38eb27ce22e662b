"""False alarms, power and time of modeltap beside what else is installed.

    python benchmarks/verdict_peers.py [--windows 40] [--rounds 3]

Evidently, NannyML, alibi-detect and whylogs, each as its first page shows it: Evidently's
DataDriftPreset, NannyML's UnivariateDriftCalculator with chunks of the window's size,
alibi-detect's TabularDrift (Bonferroni), whylogs' drift scores with its own thresholds. They
quarrel over dependencies, so that each may need an environment of its own; what cannot be
imported is named with its install line. Reference 10,000 rows, 20 numbers (normal and lognormal)
and 5 categories of words. 'Any' is the share of windows without drift with an alarm in any column.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import logging
import statistics
import time
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from machine import describe

WORDS = np.array(list("abcde"))
SHARES = (0.10, 0.30, 0.20, 0.25, 0.15)
REFERENCE_ROWS = 10_000
Columns = dict[str, np.ndarray]
Detect = Callable[[Columns], set[str]]


def make(
    rng: np.random.Generator,
    rows: int,
    *,
    shift: float = 0.0,
    variance: float = 1.0,
    contaminated: float = 0.0,
    category: float = 0.10,
) -> Columns:
    columns = {
        f"n{i}": rng.normal(size=rows) if i % 2 else rng.lognormal(size=rows) for i in range(20)
    }
    columns["n1"] = rng.normal(shift, variance**0.5, size=rows)
    columns["n1"][rng.random(rows) < contaminated] += 5
    for i in range(5):
        shares = list(SHARES)
        if i == 0:
            shares[0], shares[4] = category, SHARES[4] - (category - SHARES[0])
        columns[f"c{i}"] = WORDS[rng.choice(5, p=shares, size=rows)]
    return columns


def modeltap(reference: Columns, rows: int) -> Detect:
    from modeltap.analysis.counting.tally import tally
    from modeltap.analysis.detectors import COLUMN_DETECTORS, evaluate
    from modeltap.analysis.detectors.context import Context
    from modeltap.analysis.references.fit import fit

    frozen = fit(_listed(reference), REFERENCE_ROWS, model="m")

    def detect(window: Columns) -> set[str]:
        context = Context(frozen, tally(_listed(window), rows, frozen))
        metrics = evaluate(context, COLUMN_DETECTORS)
        return {str(m.feature) for m in metrics if m.verdict == "alert"}

    return detect


def _listed(columns: Columns) -> dict[str, Any]:
    return {name: c if c.dtype.kind == "f" else c.tolist() for name, c in columns.items()}


def evidently(reference: Columns, rows: int) -> Detect:
    import pandas as pd
    from evidently import Report
    from evidently.presets import DataDriftPreset

    then = pd.DataFrame(reference)

    def detect(window: Columns) -> set[str]:
        found = Report([DataDriftPreset()]).run(pd.DataFrame(window), then).dict()
        drifted = set()
        for metric in found["metrics"]:
            args = metric["config"]
            if "column" in args:
                value, limit = float(metric["value"]), args["threshold"]
                by_p_value = "p_value" in args["method"]
                if (value < limit) if by_p_value else (value >= limit):
                    drifted.add(args["column"])
        return drifted

    return detect


def nannyml(reference: Columns, rows: int) -> Detect:
    import nannyml as nml
    import pandas as pd

    calculator = nml.UnivariateDriftCalculator(column_names=list(reference), chunk_size=rows)
    calculator.fit(pd.DataFrame(reference))

    def detect(window: Columns) -> set[str]:
        found = calculator.calculate(pd.DataFrame(window)).filter(period="analysis").to_df()
        alerts = found.xs("alert", axis=1, level=2)
        return {column for column, _ in alerts.columns[alerts.any()]}

    return detect


def alibi_detect(reference: Columns, rows: int) -> Detect:
    from alibi_detect.cd import TabularDrift

    names = list(reference)
    codes = {word: code for code, word in enumerate(WORDS)}
    words = {i: None for i, name in enumerate(names) if name.startswith("c")}

    def matrix(columns: Columns) -> np.ndarray:
        parts = [
            c if c.dtype.kind == "f" else np.array([codes[word] for word in c])
            for c in columns.values()
        ]
        return np.column_stack(parts)

    detector = TabularDrift(matrix(reference), p_val=0.05, categories_per_feature=words)

    def detect(window: Columns) -> set[str]:
        found = detector.predict(matrix(window))["data"]
        return {names[i] for i in np.flatnonzero(found["p_val"] < found["threshold"])}

    return detect


def whylogs(reference: Columns, rows: int) -> Detect:
    import pandas as pd
    import whylogs as why
    from whylogs.viz.drift.column_drift_algorithms import calculate_drift_scores

    then = why.log(pd.DataFrame(reference)).view()

    def detect(window: Columns) -> set[str]:
        now = why.log(pd.DataFrame(window)).view()
        found = calculate_drift_scores(now, then, with_thresholds=True)
        return {name for name, args in found.items() if args["drift_category"] == "DRIFT"}

    return detect


PEERS: dict[str, tuple[Callable[[Columns, int], Detect], str]] = {
    "modeltap": (modeltap, "modeltap"),
    "Evidently": (evidently, "evidently"),
    "NannyML": (nannyml, "nannyml"),
    "alibi-detect": (alibi_detect, "alibi-detect"),
    "whylogs": (whylogs, "whylogs[viz]"),
}
CHANGES: dict[str, dict[str, float]] = {
    "shift .1": {"shift": 0.1},
    "shift .2": {"shift": 0.2},
    "var x1.2": {"variance": 1.2},
    "var x1.5": {"variance": 1.5},
    "5 % at 5": {"contaminated": 0.05},
    "cat +.05": {"category": 0.15},
}


def installed() -> dict[str, Callable[[Columns, int], Detect]]:
    found = {}
    reference = make(np.random.default_rng(0), REFERENCE_ROWS)
    for name, (build, package) in PEERS.items():
        try:
            with _quietly():
                build(reference, 500)(make(np.random.default_rng(1), 500))
            found[name] = build
        except ImportError as error:
            print(f"{name:13} not here ({str(error)[:60]}): pip install '{package}'")
    return found


@contextlib.contextmanager
def _quietly() -> Any:
    logging.disable(logging.CRITICAL)
    with warnings.catch_warnings(), contextlib.redirect_stderr(io.StringIO()):
        warnings.simplefilter("ignore")
        yield


def rates(build: Callable[[Columns, int], Detect], windows: int) -> list[float]:
    found = []
    for rows in (500, 2000, 10_000):
        rng = np.random.default_rng(rows)
        false = 0
        for number in range(windows):
            if number % 10 == 0:
                detect = build(make(rng, REFERENCE_ROWS), rows)
            false += bool(detect(make(rng, rows)))
        found.append(false / windows)
    rng = np.random.default_rng(7)
    for change in CHANGES.values():
        column = "c0" if "category" in change else "n1"
        hits = 0
        for number in range(windows):
            if number % 10 == 0:
                detect = build(make(rng, REFERENCE_ROWS), 2000)
            hits += column in detect(make(rng, 2000, **change))
        found.append(hits / windows)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--windows", type=int, default=40)
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    print(describe("numpy", "scipy"))
    peers = installed()
    heads = ["any, 500", "2,000", "10,000", *CHANGES]
    print(f"\n{'':13}" + "".join(f"{head:>10}" for head in heads))
    for name, build in peers.items():
        with _quietly():
            found = rates(build, args.windows)
        print(f"{name:13}" + "".join(f"{rate:10.2f}" for rate in found), flush=True)
    rows = 50_000
    rng = np.random.default_rng(3)
    reference, window = make(rng, REFERENCE_ROWS), make(rng, rows)
    times: dict[str, list[float]] = {name: [] for name in peers}
    with _quietly():
        detectors = {name: build(reference, rows) for name, build in peers.items()}
        for _ in range(args.rounds):
            for name, detect in detectors.items():
                started = time.perf_counter()
                detect(window)
                times[name].append(time.perf_counter() - started)
    print(f"\na window of {rows:,} x 25 against {REFERENCE_ROWS:,}, median of {args.rounds} rounds")
    own = statistics.median(times["modeltap"])
    for name, seconds in times.items():
        median = statistics.median(seconds)
        print(f"{name:13} {median:7.3f} s  {median / own:6.1f}x")


if __name__ == "__main__":
    main()
