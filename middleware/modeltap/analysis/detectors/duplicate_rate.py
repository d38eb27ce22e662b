"""Duplicates: rows equal to another row in all inputs, beyond the expected rate."""

from __future__ import annotations

import math
from typing import Any

import scipy

from modeltap.analysis.counting.row_sketch import expected_rate
from modeltap.analysis.detectors.context import RATE_FLOOR, Context
from modeltap.analysis.model.metric import Evidence, Metric, crossable, no_room, verdict
from modeltap.analysis.statistics import hypothesis_tests


class Duplicated(Evidence, frozen=True):
    """The expected rate."""

    expected: float


def evaluate(context: Context) -> list[Metric]:
    """Return `duplicate_rate`.

    The expected rate is that of the reference at the window's size: with few distinct values, rows
    repeat by chance.
    """
    reference, rows = context.reference, context.window.rows
    repeats = context.window.repeats
    value = repeats.rate
    expected = min(1.0, expected_rate(reference.repeats, rows) + reference.baseline_repeats)
    growth = value - expected
    p = _grew(value, expected, repeats.error, rows, reference.rows)
    facts: dict[str, Any] = {
        "metric": "duplicate_rate",
        "rows": rows,
        "count": round(value * rows),
        "value": value,
        "p_value": p,
    }
    threshold = crossable(expected + RATE_FLOOR, expected)
    if threshold is None:
        return [Metric(**facts, **no_room(expected, enough=rows >= context.min_rows))]
    alert = value > threshold and p < context.alpha_per_fault
    return [
        Metric(
            **facts,
            threshold=threshold,
            strength=max(0.0, growth / (threshold - expected)),
            verdict=verdict(alert, rows, context.min_rows),
            evidence=Duplicated(expected),
        )
    ]


def _grew(value: float, expected: float, error: float, rows: int, reference_rows: int) -> float:
    """Return the p-value that a rate has not grown, exact except for the error of the sketch.

    The normal approximation includes that error; the exact test is valid for few cases. The larger
    p-value counts.
    """
    if not rows or not reference_rows:
        return 1.0
    cases = round(expected * reference_rows), reference_rows, round(value * rows), rows
    exact = hypothesis_tests.fisher(*cases)[1]
    own = max(expected * (1 - expected), 1 / rows) / rows
    spread = math.sqrt(own + expected * (1 - expected) / reference_rows + error**2)
    return max(exact, float(scipy.special.ndtr((expected - value) / spread)))
