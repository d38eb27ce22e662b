"""Metrics of scores for two classes: area under the ROC curve, Brier score, log loss."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import scipy

from modeltap.analysis.model.moments import RocArea

_EPSILON = float(np.finfo(np.float64).eps)
"""Probabilities of 0 and 1 are moved by this, as in scikit-learn, to keep logarithms finite."""


def roc_area(scores: np.ndarray, positive: np.ndarray) -> RocArea | None:
    """Return the area under the ROC curve; None if all rows are of one class.

    It is the Mann-Whitney statistic: the probability that a row of the positive class has a higher
    score than a row of the other class, with ties as a half. Its variance is that of DeLong, DeLong
    & Clarke-Pearson (1988), computed from ranks as by Sun & Xu (2014), and at least that of half a
    row of the smaller class: for an area of 0 or 1 it would be zero.

    Args:
        scores: (n,) numbers, higher for the positive class.
        positive: (n,) booleans.

    >>> roc_area(np.array([0.1, 0.4, 0.35, 0.8]), np.array([False, False, True, True])).value
    0.75
    """
    m, n = int(positive.sum()), int((~positive).sum())
    if not m or not n:
        return None
    order = ranks(scores)
    above = (order[positive] - ranks(scores[positive])) / n
    below = 1 - (order[~positive] - ranks(scores[~positive])) / m
    least = (0.5 / min(m, n)) ** 2
    return RocArea(float(above.mean()), max(least, _of_mean(above) + _of_mean(below)), m, n)


def ranks(values: np.ndarray) -> np.ndarray:
    """Return the (n,) ranks, starting at 1; equal values have the mean of their ranks."""
    _, places, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return np.asarray((last - (counts - 1) / 2)[places])


def _of_mean(values: np.ndarray) -> float:
    """Return the variance of the mean of (n,) values."""
    return float(values.var(ddof=1)) / len(values) if len(values) > 1 else 0.0


def area_fell(reference: RocArea, current: RocArea) -> float:
    """Return the one-sided p-value that the area has not fallen, by a z test.

    >>> area_fell(RocArea(0.9, 0.0001, 500, 500), RocArea(0.1, 0.0001, 50, 50)) < 1e-9
    True
    """
    gap = reference.value - current.value
    return float(scipy.special.ndtr(-gap / math.sqrt(reference.variance + current.variance)))


def ranks_reversed(area: RocArea) -> float:
    """Return the one-sided p-value that the scores do not rank the classes in reverse.

    Random scores of m rows of one class and n of the other have an area of one half with the
    variance ``(m + n + 1) / (12 m n)`` (Mann & Whitney, 1947).
    """
    m, n = area.positives, area.negatives
    return float(scipy.special.ndtr((area.value - 0.5) / math.sqrt((m + n + 1) / (12 * m * n))))


def squared_gaps(scores: np.ndarray, positive: np.ndarray) -> np.ndarray:
    """Return the (n,) squared errors of scores; their mean is the Brier score.

    Brier (1950), in the form for two classes, from 0 to 1.

    >>> squared_gaps(np.array([0.9, 0.2]), np.array([True, False])).round(2).tolist()
    [0.01, 0.04]
    """
    return np.asarray((scores - positive) ** 2)


def log_losses(scores: np.ndarray, positive: np.ndarray) -> np.ndarray:
    """Return the (n,) negative log-likelihoods of the true classes; their mean is the log loss.

    ``-(y ln p + (1 - y) ln(1 - p))`` (Good, 1952), natural logarithms.

    >>> log_losses(np.array([0.5, 1.0]), np.array([True, True])).round(3).tolist()
    [0.693, 0.0]
    """
    p = np.clip(scores, _EPSILON, 1 - _EPSILON)
    return np.asarray(-(scipy.special.xlogy(positive, p) + scipy.special.xlogy(~positive, 1 - p)))


class Interval(NamedTuple):
    """A value and its 95 % interval."""

    value: float
    low: float
    high: float


def area_interval(area: RocArea) -> Interval:
    """Return the 95 % interval of an area, with at least two rows of each class.

    Student's t on the scale of log odds, with the smaller class less one as degrees of freedom: a
    normal interval holds the truth too rarely near 1 and with few rows of a class (Pepe, 2003). An
    area of 0 or 1 has the exact end of a rate of the smaller class.

    >>> [round(end, 2) for end in area_interval(RocArea(0.9, 0.0004, 100, 100))]
    [0.9, 0.85, 0.93]
    """
    value, smaller = area.value, min(area.positives, area.negatives)
    if not 0 < value < 1:
        end = 0.025 ** (1 / smaller)
        return Interval(value, end, 1.0) if value else Interval(value, 0.0, 1 - end)
    middle = scipy.special.logit(value)
    error = math.sqrt(area.variance) / (value * (1 - value))
    half = scipy.special.stdtrit(smaller - 1, 0.975) * error
    low, high = scipy.special.expit([middle - half, middle + half]).tolist()
    return Interval(value, low, high)


def average_precision(scores: np.ndarray, positive: np.ndarray) -> Interval | None:
    """Return the average precision of (n,) scores; None if no row is of the positive class.

    The sum over distinct scores, from the highest, of ``(recall gained) x precision``, as
    scikit-learn has it. The interval is one of Student's t on the scale of log odds, with the
    smaller class less one as degrees of freedom. The variance is that of the infinitesimal
    jackknife (Jaeckel, 1972): the sum of the squared influences of the rows. It is the limit of the
    bootstrap's, without draws.

    >>> average_precision(np.array([0.1, 0.4, 0.35, 0.8]), np.array([0, 0, 1, 1]) == 1).value
    0.8333333333333333
    """
    if not positive.any():
        return None
    tops = _tops(scores, positive)
    value = float(np.sum(tops.hits * tops.precision) / tops.positives)
    smaller = int(min(positive.sum(), (~positive).sum()))
    if value >= 1 or smaller < 2:
        return Interval(value, 0.0 if smaller < 2 else 0.025 ** (1 / smaller), 1.0)
    middle = scipy.special.logit(value)
    error = math.sqrt(_influence(tops, value)) / (value * (1 - value))
    half = scipy.special.stdtrit(smaller - 1, 0.975) * error
    low, high = scipy.special.expit([middle - half, middle + half]).tolist()
    return Interval(value, low, high)


class _Tops(NamedTuple):
    """The rows from the highest score to each distinct one, of which there are k.

    `hits` and `misses` are (k,) rows of the two classes with this score, `rows` all rows from the
    highest score on, and `precision` the positive fraction of these.
    """

    hits: np.ndarray
    misses: np.ndarray
    rows: np.ndarray
    precision: np.ndarray
    positives: int


def _tops(scores: np.ndarray, positive: np.ndarray) -> _Tops:
    order = np.argsort(-scores, kind="stable")
    rows = np.append(np.flatnonzero(np.diff(scores[order])), len(scores) - 1) + 1
    right = np.cumsum(positive[order])[rows - 1]
    hits = np.diff(right, prepend=0)
    return _Tops(hits, np.diff(rows, prepend=0) - hits, rows, right / rows, int(right[-1]))


def _influence(tops: _Tops, value: float) -> float:
    """Return the sum of the squared influences of all rows on the average precision.

    With weights w, it is ``sum(w_i y_i T_i / N_i) / sum(w y)``, where T and N are the weights of
    the positive rows and of all rows whose score is at least that of i. The influence of a row is
    the derivative by its weight.
    """

    def lower(values: np.ndarray) -> np.ndarray:
        """Return the sums of values at this score and all lower ones."""
        return np.asarray(np.cumsum(values[::-1])[::-1])

    share = tops.hits / tops.rows
    of_rank = lower(share * tops.precision)
    of_positive = tops.precision - value + lower(share) - of_rank
    total = np.sum(tops.hits * of_positive**2) + np.sum(tops.misses * of_rank**2)
    return float(total) / tops.positives**2
