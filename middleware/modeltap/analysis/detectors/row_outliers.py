"""Outlying rows: unlike any row of the reference, although each value may be normal."""

from __future__ import annotations

from typing import Any

import numpy as np

from modeltap.analysis.detectors.context import Context
from modeltap.analysis.learners.isolation_forest import IsolationForest
from modeltap.analysis.model.metric import Evidence, Metric, crossable, no_room, too_few
from modeltap.analysis.statistics import hypothesis_tests
from modeltap.analysis.statistics.classifier import BEYOND_BASELINE, halved
from modeltap.analysis.statistics.matrix import left_out, matrix
from modeltap.analysis.statistics.rates import wilson

FLOOR = 0.05
"""Rows may be outlying in many ways, so only a growth to one row of twenty alerts."""

_OUTLYING = 0.01
"""The fraction of the reference's rows that count as outliers."""

_SHOWN = 5
"""Examples per alert."""


class Outliers(Evidence, frozen=True):
    """The rate in the reference, and the positions of the most outlying rows of the window."""

    before: float
    places: list[int]


def evaluate(context: Context) -> list[Metric]:
    """Return `row_outlier_rate`, without the columns that already have an alert.

    An isolation forest (Liu, Ting & Zhou, 2008) is fitted to one half of the reference's sample.
    The other half provides the score limit that 1 % of the rows exceed, and the reference's
    own rate. The forest detects rows outlying in many columns at once, but hardly broken
    dependences between columns.
    """
    if context.samples is None:
        return []
    reference, current = context.samples.reference, context.samples.window
    excluded = left_out(context.all_hours, context.alerted)
    a = matrix(reference, context.all_hours, excluded).values
    b = matrix(current, context.all_hours, excluded).values
    if a.shape[1] < 2:
        return []
    if min(len(a), len(b)) < context.min_rows:
        return [too_few("row_outlier_rate", len(b))]
    forest = reference.recall(("forest", excluded), lambda: _Forest(a))
    return [_compared(forest, b, context)]


def _compared(forest: _Forest, rows: np.ndarray, context: Context) -> Metric:
    scores = forest.scores(rows)
    far = scores < forest.limit
    count = int(far.sum())
    value, before = count / len(rows), forest.beyond / forest.held
    p = hypothesis_tests.fisher(forest.beyond, forest.held, count, len(rows))[1]
    baseline = context.baselines.highest("row_outlier_rate", None)
    most = max(before, BEYOND_BASELINE * (baseline or 0.0))
    growth, threshold = value - most, crossable(most + FLOOR, most)
    low, high = wilson(count, len(rows))
    worst = [int(place) for place in np.argsort(scores)[:_SHOWN] if far[place]]
    facts: dict[str, Any] = {
        "metric": "row_outlier_rate",
        "rows": len(rows),
        "count": count,
        "value": value,
        "low": low,
        "high": high,
        "p_value": p,
    }
    if threshold is None:
        return Metric(**facts, **no_room(most))
    alert = p < context.alpha_of_rows and value > threshold
    return Metric(
        **facts,
        threshold=threshold,
        strength=max(0.0, growth / (threshold - most)),
        verdict=context.row_verdict("row_outlier_rate", None, alert),
        evidence=Outliers(before, worst),
    )


class _Forest:
    """An isolation forest fitted to one half of (n, d) rows, with a limit from the other half.

    Of the `held` rows of the other half, one in a hundred (`beyond` rows) scores below `limit`.
    """

    def __init__(self, rows: np.ndarray) -> None:
        learnt, held = halved(rows)
        self._forest = IsolationForest(learnt)
        own = self.scores(held)
        self.limit = float(np.quantile(own, _OUTLYING))
        self.held, self.beyond = len(own), int(np.sum(own < self.limit))

    def scores(self, rows: np.ndarray) -> np.ndarray:
        """Return (n,) scores; the lower, the more outlying a row is."""
        return self._forest.path_lengths(rows)
