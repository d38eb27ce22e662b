"""Duplicates: rows that are equal in all inputs to another, beyond those to be expected."""

from __future__ import annotations

import math

from scipy.special import ndtr

from modeltap.analysis.counting.row_sketch import expected_rate
from modeltap.analysis.detectors.context import RATE_FLOOR, Context
from modeltap.analysis.model.metric import Evidence, Metric, verdict


class Duplicated(Evidence, frozen=True):
    """The rate to be expected."""

    expected: float


def evaluate(context: Context) -> list[Metric]:
    """Return `duplicate_rate`.

    The expected rate is the reference's at the window's size: where values are few, rows repeat.
    """
    reference, rows = context.reference, context.window.rows
    repeats = context.window.repeats
    value, sampled = repeats.rate, repeats.sampled
    expected = min(1.0, expected_rate(reference.repeats, rows) + reference.baseline_repeats)
    # Where none is expected, the rate of one row in the sample is as much as chance gives.
    variance = max(expected * (1 - expected), 1 / max(1, sampled))
    growth = value - expected
    p = float(ndtr(-growth / math.sqrt(variance / max(1, sampled))))
    alert = growth > RATE_FLOOR and p < context.alpha_per_feature
    return [
        Metric(
            metric="duplicate_rate",
            rows=rows,
            count=round(value * rows),
            value=value,
            threshold=expected + RATE_FLOOR,
            p_value=p,
            strength=max(0.0, growth / RATE_FLOOR),
            verdict=verdict(alert, rows, context.min_rows),
            evidence=Duplicated(expected),
        )
    ]
