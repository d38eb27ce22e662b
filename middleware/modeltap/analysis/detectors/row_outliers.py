"""Rows that are like no row of the reference, though each of their values may be usual."""

from __future__ import annotations

import numpy as np
from sklearn.ensemble import IsolationForest

from modeltap.analysis.counting.sample import Sample
from modeltap.analysis.model.metric import ALERT, NOT_ENOUGH_ROWS, OK, Metric, Usual, chance, share
from modeltap.analysis.model.reference import Reference
from modeltap.analysis.statistics import tests
from modeltap.analysis.statistics.classifier import BEYOND_USUAL, halved
from modeltap.analysis.statistics.matrix import matrix
from modeltap.analysis.statistics.rates import wilson

FLOOR = 0.05
"""Rows that are far from all others may be so in many ways: one of twenty is worth a word."""
_USUAL = 0.01
"""The share of the reference's own rows that are called outliers."""


def judge(
    reference: Reference,
    then: Sample,
    now: Sample,
    alpha: float,
    *,
    min_rows: int = 100,
    left_out: frozenset[str] = frozenset(),
    usual: Usual = lambda *_: None,
) -> tuple[Metric, list[int]] | None:
    """Return `row_outlier_rate`, and the places of the rows that are least like the reference's.

    An isolation forest (Liu, Ting & Zhou, 2008) learns one half of the reference's sample; the
    other half says which score one row of a hundred has, and how many of its own are beyond it. It
    sees rows far out in many columns at once, hardly those in which a dependence broke.

    Args:
        left_out: columns whose own drift is told already.
        usual: the largest value that a metric had where all was well.
    """
    a, b = matrix(then, reference, left_out).values, matrix(now, reference, left_out).values
    if a.shape[1] < 2:
        return None
    if min(len(a), len(b)) < min_rows:
        return Metric(metric="row_outlier_rate", rows=len(b), verdict=NOT_ENOUGH_ROWS), []
    forest = then.recall(("forest", left_out), lambda: _Forest(a))
    scores = forest.scores(b)
    far = scores < forest.limit
    count, rows = int(far.sum()), len(b)
    value, rate = count / rows, forest.beyond / forest.held
    p = tests.fisher(forest.beyond, forest.held, count, rows)[1]
    most = max(rate, BEYOND_USUAL * (usual("row_outlier_rate", None) or 0.0))
    growth = value - most
    alert = p < alpha and growth > FLOOR
    low, high = wilson(count, rows)
    metric = Metric(
        metric="row_outlier_rate",
        rows=rows,
        count=count,
        value=value,
        low=low,
        high=high,
        threshold=most + FLOOR,
        p_value=p,
        strength=max(0.0, growth / FLOOR),
        verdict=ALERT if alert else OK,
        explanation=f"rows unlike the reference's went from {share(rate)} to {share(value)}, "
        f"{count:,} of {rows:,}; expected {chance(p)}"
        if alert
        else None,
    )
    return metric, [int(place) for place in np.argsort(scores)[:5] if far[place]]


class _Forest:
    """An isolation forest of one half of (n, d) rows, and what the other half's scores are.

    One row of a hundred of the `held` ones scores below `limit`: `beyond` of them.
    """

    def __init__(self, rows: np.ndarray) -> None:
        learnt, held = halved(rows)
        self._forest = IsolationForest(n_estimators=100, random_state=0, n_jobs=1).fit(learnt)
        own = self.scores(held)
        self.limit = float(np.quantile(own, _USUAL))
        self.held, self.beyond = len(own), int(np.sum(own < self.limit))

    def scores(self, rows: np.ndarray) -> np.ndarray:
        """Return (n,) scores: the lower, the more alone a row is."""
        return np.asarray(self._forest.score_samples(rows))
