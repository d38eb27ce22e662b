"""False alarms and power of a window that is evaluated again while its labels arrive.

    python benchmarks/looks.py [--simulations 1000] [--rows 1000] [--seed 0]

A reference of 2,000 rows and a window of two classes, one row in ten, each right with .9. All
labels arrive in the end, in one of three orders: at random; wrong rows first; the positive class
last. The window is evaluated 200 times (`--evaluations 8` is faster, to measure power). 'each'
tests at every evaluation, as if it was the only one; 'last' is the last of these; 'budget' is
modeltap: one budget for all, and the reference's labels at the same age.
"""

from __future__ import annotations

import argparse
from typing import NamedTuple

import numpy as np
from machine import describe

from modeltap.analysis.detectors.context import ALPHA, PERFORMANCE_SHARE
from modeltap.analysis.estimation.repeated_looks import information, level_of_look
from modeltap.analysis.model.baseline import Baseline
from modeltap.analysis.model.metric import ALERT
from modeltap.analysis.performance.classification import classification_metrics
from modeltap.analysis.performance.labelled import Guess, LabelledContext
from modeltap.analysis.statistics.confusion import f1_macro

REFERENCE = 2_000
LOOKS = 200
MIN_ROWS = 100
ALPHA_NORMAL = ALPHA["normal"]


class Rows(NamedTuple):
    """(n,) predictions and labels, and the moments at which labels arrive, from 0 to 1."""

    predictions: np.ndarray
    labels: np.ndarray
    arrivals: np.ndarray

    def until(self, now: float) -> Rows:
        known = self.arrivals <= now
        return Rows(self.predictions[known], self.labels[known], self.arrivals[known])


ORDERS = ("at random", "wrong rows first", "positive class last")


def drawn(rng: np.random.Generator, rows: int, right: float, order: str) -> Rows:
    labels = (rng.random(rows) < 0.1).astype(int)
    predictions = np.where(rng.random(rows) < right, labels, 1 - labels)
    arrivals = rng.random(rows)
    if order == "wrong rows first":
        arrivals = np.where(predictions != labels, arrivals**3, arrivals)
    if order == "positive class last":
        arrivals = np.where(labels == 1, arrivals ** (1 / 3), arrivals)
    return Rows(predictions, labels, arrivals)


class Alarms(NamedTuple):
    """Alarms of a window: at any evaluation, at the last one alone, and with one budget."""

    each: bool
    last: bool
    budget: bool


def alarms(reference: Rows, window: Rows, evaluations: int) -> Alarms:
    whole = baseline_of(reference)
    each = last = budget = False
    for now in np.linspace(1 / evaluations, 1, evaluations):
        own = window.until(now)
        if len(own.labels) < MIN_ROWS:
            continue
        if now == 1.0 or not each:
            last = could_alarm(reference, own) and alarmed(own, whole, ALPHA_NORMAL)
            each |= last
        same_age = reference.until(now)
        if budget or not could_alarm(same_age, own):
            continue
        share = float(np.mean(reference.arrivals <= now))
        fraction = information(len(own.labels), len(own.labels) / share, len(same_age.labels))
        level = level_of_look(ALPHA_NORMAL * PERFORMANCE_SHARE, fraction) / PERFORMANCE_SHARE
        budget = alarmed(own, baseline_of(same_age), level)
    return Alarms(each, last, budget)


def could_alarm(reference: Rows, own: Rows) -> bool:
    """Return whether accuracy or F1 fell by the floors, without which nothing alarms."""
    before, now = (
        (np.mean(rows.predictions == rows.labels), f1_macro(pairs(rows)))
        for rows in (reference, own)
    )
    return bool(now[0] < before[0] - 0.02 or now[1] < before[1] - 0.05)


def pairs(rows: Rows) -> dict[tuple[str, str], int]:
    counts = np.bincount(2 * rows.predictions + rows.labels, minlength=4)
    names = [("0", "0"), ("0", "1"), ("1", "0"), ("1", "1")]
    return {pair: count for pair, count in zip(names, counts.tolist(), strict=True) if count}


def baseline_of(rows: Rows) -> Baseline:
    right = float(np.mean(rows.predictions == rows.labels))
    variance = right * (1 - right)
    return Baseline(
        task="classification",
        rows=len(rows.labels),
        mean=right,
        variance=variance,
        third=variance * (1 - 2 * right),
        pairs=tuple((*pair, count) for pair, count in sorted(pairs(rows).items())),
    )


def alarmed(own: Rows, baseline: Baseline, alpha: float) -> bool:
    """Return whether accuracy or macro F1 alerts, apart from predictions that look like guesses."""
    context = LabelledContext("classification", (), (), baseline, alpha=alpha)
    metrics = classification_metrics(pairs(own), baseline, context, context.level)
    return any(
        metric.verdict == ALERT and not isinstance(metric.evidence, Guess) for metric in metrics
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--simulations", type=int, default=1_000)
    parser.add_argument("--rows", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--evaluations", type=int, default=LOOKS)
    parser.add_argument("--order", choices=ORDERS)
    parser.add_argument("--right", type=float, nargs="*", default=[0.9, 0.86, 0.84, 0.8])
    args = parser.parse_args()
    print(describe("numpy", "scipy"))
    print(
        f"windows of {args.rows:,} rows, {args.simulations:,} simulations, "
        f"{args.evaluations} evaluations"
    )
    print(f"{'labels arrive':22} accuracy  each    last    budget")
    for order in ORDERS if args.order is None else (args.order,):
        for right in args.right:
            rng = np.random.default_rng(args.seed)
            outcomes = []
            for _ in range(args.simulations):
                reference = drawn(rng, REFERENCE, 0.9, order)
                window = drawn(rng, args.rows, right, order)
                outcomes.append(alarms(reference, window, args.evaluations))
            cells = "  ".join(f"{fraction:6.4f}" for fraction in np.mean(outcomes, axis=0))
            print(f"{order:22} {right:8.2f}  {cells}", flush=True)


if __name__ == "__main__":
    main()
