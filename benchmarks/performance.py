"""Power and false alarms of performance: accuracy and macro F1 together, and the mean error.

    python benchmarks/performance.py [--windows 1000] [--seed 0]

The reference has 2,000 labelled rows of two classes, one in ten rows, each right with .9; or of
normal errors. Each window has a reference of its own.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable

import numpy as np
from machine import describe

from modeltap.analysis.model.baseline import Task
from modeltap.analysis.model.metric import ALERT
from modeltap.analysis.performance.evaluation import evaluate
from modeltap.analysis.performance.labelled import LabelledContext
from modeltap.analysis.references.performance_baseline import learn_baseline

REFERENCE = 2000
ROWS = (100, 500, 2000)
ACCURACIES = (0.9, 0.88, 0.85, 0.8, 0.7)
ERRORS = (1.0, 1.1, 1.2, 1.3, 1.5)

Rows = tuple[list[float], list[float]]


def classes(rng: np.random.Generator, rows: int, right: float) -> Rows:
    """Return predictions and labels, right in so many of a hundred."""
    truth = (rng.random(rows) < 0.1).astype(int)
    args = np.where(rng.random(rows) < right, truth, 1 - truth)
    return args.tolist(), truth.tolist()


def errors(rng: np.random.Generator, rows: int, spread: float) -> Rows:
    """Return predictions of 0, with normal errors."""
    return (spread * rng.normal(size=rows)).tolist(), [0.0] * rows


def fraction(
    rng: np.random.Generator,
    task: Task,
    draw: Callable[[np.random.Generator, int, float], Rows],
    levels: tuple[float, float],
    rows: int,
    windows: int,
) -> float:
    """Return the fraction of windows with an alert; `levels` are those before and now."""
    before, now = levels
    alerts = 0
    for _ in range(windows):
        baseline = learn_baseline(*draw(rng, REFERENCE, before), task)
        found = evaluate(LabelledContext(task, *draw(rng, rows, now), baseline))
        alerts += any(metric.verdict == ALERT for metric in found)
    return alerts / windows


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--windows", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    print(describe("numpy", "scipy"))
    print(f"| {'rows a window':24} | {' | '.join(f'{rows:>6,}' for rows in ROWS)} |")
    print(f"|{'-' * 26}|{'--------|' * len(ROWS)}")
    for name, task, draw, levels in (
        ("accuracy .9 to", "classification", classes, ACCURACIES),
        ("mean error x", "regression", errors, ERRORS),
    ):
        for now in levels:
            rng = np.random.default_rng(args.seed)
            cells = [
                fraction(rng, task, draw, (levels[0], now), rows, args.windows) for rows in ROWS
            ]
            print(f"| {f'{name} {now:g}':24} | {' | '.join(f'{one:6.3f}' for one in cells)} |")


if __name__ == "__main__":
    main()
