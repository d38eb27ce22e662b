"""Performance estimated without labels, against the truth: errors, and intervals that hold it.

    python benchmarks/estimates.py [--data FOLDER] [--windows 2000]

`car_loan` in windows of 500, 1,000 and 5,000 rows, with its first 50,000 as the reference; then
simulated windows whose scores are calibrated except for a constant factor of the odds, with a
reference of 5,000 rows.
"""

from __future__ import annotations

import argparse
import csv
import gzip
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from machine import describe
from sklearn.metrics import f1_score, roc_auc_score

from modeltap.analysis.estimation.simulated_labels import Estimate, estimate
from modeltap.analysis.model.calibration import learn_calibration

REFERENCE = 50_000
METRICS = ("accuracy", "f1_macro", "roc_auc", "brier")


class Rows(NamedTuple):
    """(n,) scores, whether the positive class is predicted, and whether it is true."""

    scores: np.ndarray
    predicted: np.ndarray
    positive: np.ndarray

    def take(self, part: slice) -> Rows:
        return Rows(self.scores[part], self.predicted[part], self.positive[part])


def truth(rows: Rows) -> dict[str, float]:
    return {
        "accuracy": float(np.mean(rows.predicted == rows.positive)),
        "f1_macro": float(f1_score(rows.positive, rows.predicted, average="macro")),
        "roc_auc": float(roc_auc_score(rows.positive, rows.scores)),
        "brier": float(np.mean((rows.scores - rows.positive) ** 2)),
    }


def car_loan(folder: Path) -> Rows:
    with gzip.open(folder / "car_loan" / "data.csv.gz", "rt") as file:
        rows = list(csv.DictReader(file))
    return Rows(
        np.array([float(row["y_pred_proba"]) for row in rows]),
        np.array([float(row["y_pred"]) == 1 for row in rows]),
        np.array([float(row["repaid"]) == 1 for row in rows]),
    )


def drawn(rows: int, share: float, rng: np.random.Generator) -> Rows:
    """Return rows whose true odds are twice those that the scores say."""
    level = np.log(share / (1 - share))
    odds = rng.normal(level, 1.5, rows)
    scores = 1 / (1 + np.exp(-odds))
    true = 1 / (1 + np.exp(-odds - np.log(2)))
    return Rows(scores, scores >= 0.5, rng.uniform(size=rows) < true)


def simulated(
    rows: int, share: float, windows: int, rng: np.random.Generator
) -> Iterator[tuple[dict[str, Estimate], dict[str, float]]]:
    """Yield estimates and truth of windows, 20 for each reference."""
    for number in range(windows):
        if number % 20 == 0:
            reference = drawn(5_000, share, rng)
            calibration = learn_calibration(reference.scores, reference.positive)
        window = drawn(rows, share, rng)
        if window.positive.all() or not window.positive.any():
            continue
        yield estimate(window.scores, window.predicted, calibration, number), truth(window)


def show(name: str, pairs: list[tuple[dict[str, Estimate], dict[str, float]]]) -> None:
    """Print the mean absolute error, its share within .01, and the share inside the interval."""
    for metric in METRICS:
        errors = np.array([abs(own[metric].value - true[metric]) for own, true in pairs])
        held = [own[metric].low <= true[metric] <= own[metric].high for own, true in pairs]
        width = np.mean([own[metric].high - own[metric].low for own, _ in pairs])
        print(
            f"{name:28} {metric:9} {len(pairs):5}  {errors.mean():.4f}  "
            f"{np.mean(errors <= 0.01):5.2f}  {np.mean(held):5.3f}  {width:.3f}",
            flush=True,
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path)
    parser.add_argument("--windows", type=int, default=2_000)
    args = parser.parse_args()
    print(describe("numpy", "scipy", "scikit-learn"))
    print(f"{'':28} {'':9} {'n':>5}  error   <=.01  inside  width")
    if args.data is not None:
        rows = car_loan(args.data)
        known = rows.take(slice(0, REFERENCE))
        calibration = learn_calibration(known.scores, known.positive)
        for size in (500, 1000, 5000):
            parts = [
                rows.take(slice(start, start + size)) for start in range(0, len(rows.scores), size)
            ]
            show(
                f"car_loan, {size} rows",
                [
                    (estimate(part.scores, part.predicted, calibration), truth(part))
                    for part in parts
                ],
            )
    rng = np.random.default_rng(0)
    for size in (100, 500, 5000):
        for share in (0.5, 0.02):
            show(
                f"simulated, {size} rows, {share:.0%}",
                list(simulated(size, share, args.windows, rng)),
            )


if __name__ == "__main__":
    main()
