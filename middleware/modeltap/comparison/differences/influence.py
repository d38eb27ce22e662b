"""The metrics of labelled rows, each with the influence of every row on it.

The influence of a row is the derivative of a metric by the row's weight, times the number of rows:
``metric + mean(influence)`` is the metric to first order, and a difference of metrics has the
variance of the mean of the difference of influences (Hampel, 1974). For a mean it is the row's
value less the mean; for the area under the ROC curve the components of DeLong, DeLong &
Clarke-Pearson (1988); for ratios such as precision, F1 and R2 the delta method.

Not compared: `bias` has no better direction, a median has no influence without a density, and
average precision is not smooth in the rows.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from modeltap.analysis.performance.class_metrics import FEWEST_OF_CLASS
from modeltap.analysis.performance.paired import Paired
from modeltap.analysis.statistics.scores import log_losses, ranks, squared_gaps


@dataclass(frozen=True)
class InfluencedMetric:
    """A metric of n rows.

    Args:
        influence: (n,) the influence of each row, of mean 0.
        effective: the number of rows that carry the information.
        unit: the largest influence of a single row, None if it is unbounded. Where two models agree
            in all rows, one row in which they differ bounds the error.
        low, high: the range of the metric.
    """

    metric: str
    value: float
    influence: np.ndarray
    effective: float
    unit: float | None = None
    low: float = -math.inf
    high: float = math.inf


def influenced_metrics(rows: Paired) -> list[InfluencedMetric]:
    """Return the metrics of labelled rows, the main one first; none without rows.

    `accuracy`, or `mae` for numbers, is the main one.

    >>> from modeltap.analysis.performance.paired import pair_up
    >>> own = influenced_metrics(pair_up(["a", "b", "b", "b"], ["a", "a", "b", "b"]))
    >>> own[0].metric, own[0].value, own[0].influence.tolist()
    ('accuracy', 0.75, [0.25, -0.75, 0.25, 0.25])
    """
    if not rows.rows or rows.mismatch is not None:
        return []
    if rows.task == "regression":
        return list(_of_numbers(rows.predictions - rows.labels, rows.labels))
    metrics = list(_of_classes(rows.predictions, rows.labels))
    if rows.scores is not None:
        metrics += _of_scores(rows.scores, rows.positive)
    return metrics


def _mean(
    metric: str, values: np.ndarray, unit: float | None, high: float = math.inf
) -> InfluencedMetric:
    mean = float(values.mean())
    return InfluencedMetric(metric, mean, values - mean, len(values), unit, 0.0, high)


def _of_numbers(errors: np.ndarray, labels: np.ndarray) -> Iterator[InfluencedMetric]:
    n = len(errors)
    yield _mean("mae", np.abs(errors), None)
    squares = errors**2
    mse = float(squares.mean())
    root = math.sqrt(mse)
    slope = (squares - mse) / (2 * root) if root else np.zeros(n)
    yield InfluencedMetric("rmse", root, slope, n, low=0.0)
    gaps = (labels - labels.mean()) ** 2
    variance = float(gaps.mean())
    if np.ptp(labels) > 0 and variance > 0:
        influence = mse * gaps / variance**2 - squares / variance
        yield InfluencedMetric("r2", 1 - mse / variance, influence, n, high=1.0)
    if (labels != 0).all():
        yield _mean("mape", np.abs(errors / labels), None)


def _of_scores(scores: np.ndarray, positive: np.ndarray) -> Iterator[InfluencedMetric]:
    area = _area(scores, positive)
    if area is not None:
        yield area
    yield _mean("brier", squared_gaps(scores, positive), 1.0, 1.0)
    yield _mean("log_loss", log_losses(scores, positive), None)


def _area(scores: np.ndarray, positive: np.ndarray) -> InfluencedMetric | None:
    """Return the area under the ROC curve; None if all rows are of one class."""
    m, n = int(positive.sum()), int((~positive).sum())
    if not m or not n:
        return None
    order = ranks(scores)
    above = (order[positive] - ranks(scores[positive])) / n
    below = 1 - (order[~positive] - ranks(scores[~positive])) / m
    value = float(above.mean())
    influence = np.empty(len(scores))
    influence[positive] = (above - value) * (len(scores) / m)
    influence[~positive] = (below - value) * (len(scores) / n)
    smaller = min(m, n)
    unit = 0.5 * len(scores) / smaller  # half a row of the smaller class
    return InfluencedMetric("roc_auc", value, influence, 2 * smaller, unit, 0.0, 1.0)


class _Classes:
    """Counts of n rows by class; each class has a code."""

    def __init__(self, predicted: np.ndarray, true: np.ndarray) -> None:
        sides = predicted.tolist(), true.tolist()
        self.names, self.n = sorted({*sides[0], *sides[1]}), len(true)
        places = {name: place for place, name in enumerate(self.names)}
        # A dictionary is ten times as fast as sorting objects.
        self.p, self.t = (
            np.fromiter(map(places.__getitem__, side), dtype=np.int64, count=self.n)
            for side in sides
        )
        self.right = self.p == self.t
        self.predicted = np.bincount(self.p, minlength=len(self.names)) / self.n
        self.true = np.bincount(self.t, minlength=len(self.names)) / self.n
        self.hits = np.bincount(self.p[self.right], minlength=len(self.names)) / self.n

    @property
    def is_labelled(self) -> np.ndarray:
        """(classes,) booleans: True for a class that a label has."""
        return np.asarray(self.true > 0)

    @property
    def effective(self) -> float:
        """The rows that a mean over classes depends on; 0 if a class has hardly any."""
        least = float(self.true[self.is_labelled].min()) * self.n
        return least * int(self.is_labelled.sum()) if least >= FEWEST_OF_CLASS else 0.0


def _of_classes(predicted: np.ndarray, true: np.ndarray) -> Iterator[InfluencedMetric]:
    own = _Classes(predicted, true)
    yield _mean("accuracy", own.right.astype(np.float64), 1.0, 1.0)
    if any(name.startswith("[") for name in own.names):
        return  # sets of labels, which are right or wrong as a whole
    all_ = np.full(len(own.names), 1 / len(own.names))
    labelled = own.is_labelled / own.is_labelled.sum()
    yield _over_classes(own, "balanced_accuracy", *_recall(own, labelled))
    yield _over_classes(own, "precision_macro", *_precision(own, all_))
    yield _over_classes(own, "recall_macro", *_recall(own, all_))
    f1 = _f1(own)
    yield _over_classes(own, "f1_macro", float(f1 @ all_), _f1_influence(own, f1, all_))
    weighted = float(f1 @ own.true)
    # The weights, which are the labels' frequencies, vary as well.
    influence = _f1_influence(own, f1, own.true) + f1[own.t] - weighted
    yield _over_classes(own, "f1_weighted", weighted, influence)


def _over_classes(
    own: _Classes, metric: str, value: float, influence: np.ndarray
) -> InfluencedMetric:
    unit = own.n / own.effective if own.effective else 1.0  # a row of the smallest class
    return InfluencedMetric(metric, value, influence, own.effective, unit, 0.0, 1.0)


def _ratio(hits: np.ndarray, of: np.ndarray) -> np.ndarray:
    return np.asarray(np.divide(hits, of, out=np.zeros(len(of)), where=of > 0))


def _precision(own: _Classes, weights: np.ndarray) -> tuple[float, np.ndarray]:
    """Return the weighted mean precision of the classes, and its influence."""
    values = _ratio(own.hits, own.predicted)
    slope = _ratio(weights, own.predicted)
    return float(values @ weights), slope[own.p] * (own.right - values[own.p])


def _recall(own: _Classes, weights: np.ndarray) -> tuple[float, np.ndarray]:
    """Return the weighted mean recall of the classes, and its influence."""
    values = _ratio(own.hits, own.true)
    slope = _ratio(weights, own.true)
    return float(values @ weights), slope[own.t] * (own.right - values[own.t])


def _f1(own: _Classes) -> np.ndarray:
    """Return the F1 score of each class, ``2 hits / (predicted + true)``."""
    return _ratio(2 * own.hits, own.predicted + own.true)


def _f1_influence(own: _Classes, f1: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return the influence on the weighted sum of F1 scores with fixed weights."""
    slope = _ratio(weights, own.predicted + own.true)
    of_predicted = slope[own.p] * (own.right - f1[own.p])
    of_true = slope[own.t] * (own.right - f1[own.t])
    return np.asarray(of_predicted + of_true)
