"""Calibration of scores: the curve, and the error that is left when chance is taken out."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import scipy

from modeltap.analysis.model.metric import Metric
from modeltap.analysis.performance.class_metrics import FewOfClass
from modeltap.analysis.statistics.rates import clopper_pearson
from modeltap.analysis.statistics.scores import Interval

_MOST_BINS = 15
"""Bins of the curve, as reliability diagrams commonly have."""

_EXPECTED_IN_BIN = 5.0
"""Rows of each class that scores lead to expect in a bin: with fewer, the rate of a bin is not
nearly normal."""

_TAIL = 0.025
"""The probability beyond each end of an interval."""


class CalibrationBins(NamedTuple):
    """Rows of n scores in bins, in order of the score.

    Attributes:
        rows: (b,) the rows of each bin.
        scores: (b,) their mean scores.
        positives: (b,) those of the positive class.
    """

    rows: np.ndarray
    scores: np.ndarray
    positives: np.ndarray


def calibration_metrics(
    scores: np.ndarray, positive: np.ndarray, few: FewOfClass | None
) -> list[Metric]:
    """Return `calibration_error` of (n,) scores against (n,) booleans, and the points of the curve.

    `calibration_rate` is the fraction of positive rows in a bin of scores, with its exact interval
    (Clopper & Pearson, 1934) and the segment `score=MEAN`.

    Args:
        few: the class with too few rows for an interval of the error.
    """
    bins = binned(scores, positive)
    return [_error(bins, few), *_curve(bins)]


def binned(scores: np.ndarray, positive: np.ndarray) -> CalibrationBins:
    """Return the bins of (n,) scores.

    >>> own = binned(np.repeat([0.1, 0.9], 100), np.arange(200) % 100 < np.repeat([20, 90], 100))
    >>> own.positives.tolist()
    [20.0, 90.0]
    """
    places = calibration_bins(scores)
    rows = np.bincount(places)
    used = rows > 0
    sums = np.bincount(places, weights=scores)[used]
    positives = np.bincount(places, weights=positive)[used]
    return CalibrationBins(rows[used], sums / rows[used], positives)


def calibration_bins(scores: np.ndarray) -> np.ndarray:
    """Return the (n,) bin of each score, from 0.

    Bins depend on scores alone, because labels must not choose them. Each has the same part of both
    classes together, each class with a weight of one half, as the scores lead to expect them; so a
    rare class has bins, too. Equal scores are in one bin.
    """
    positives = float(scores.sum())
    negatives = len(scores) - positives
    count = int(min(_MOST_BINS, min(positives, negatives) // _EXPECTED_IN_BIN))
    if count < 2:
        return np.zeros(len(scores), dtype=np.int64)
    order = np.argsort(scores, kind="stable")
    ordered = scores[order]
    mass = np.cumsum(ordered / positives + (1 - ordered) / negatives) / 2
    edges = ordered[np.minimum(np.searchsorted(mass, np.arange(1, count) / count), len(scores) - 1)]
    return np.asarray(np.searchsorted(np.unique(edges), scores, side="right"))


def calibration_error(bins: CalibrationBins) -> Interval:
    """Return the root mean squared calibration error over bins, without what chance adds.

    The plain estimate, ``sum w d^2`` of the gaps d between a bin's mean score and its rate, grows
    with the number of bins even if scores are calibrated. The debiased one subtracts the variance
    of each rate, ``r (1 - r) / (n - 1)`` (Kumar, Liang & Ma, 2019, arXiv 1909.10155); it is 0 if
    less than nothing remains.

    The ends of the interval are the errors at which a sum of squares as large, or as small, as the
    observed one has a probability of .025: the sum is nearly a multiple of a noncentral chi-square
    variable, with the scale and the degrees of freedom that have its first two moments
    (Satterthwaite, 1946). A bootstrap fails here, because the error is bounded by 0.

    >>> sure = CalibrationBins(np.array([500, 500]), np.array([0.2, 0.8]), np.array([100, 400]))
    >>> calibration_error(sure).value
    0.0
    >>> high = CalibrationBins(np.array([500, 500]), np.array([0.3, 0.9]), np.array([100, 400]))
    >>> [round(end, 3) for end in calibration_error(high)]
    [0.098, 0.074, 0.124]
    """
    n = float(bins.rows.sum())
    rates = bins.positives / bins.rows
    gaps = bins.scores - rates
    squares = float(np.sum(bins.rows * gaps**2) / n)
    noise = rates * (1 - rates) / np.maximum(bins.rows - 1, 1)
    value = math.sqrt(max(0.0, squares - float(np.sum(bins.rows * noise) / n)))
    # A bin in which all rows are of one class varies, too: as if its score were one row more.
    edge = 0.5 / (bins.rows + 1)
    smooth = np.clip((bins.positives + bins.scores) / (bins.rows + 1), edge, 1 - edge)
    variances = smooth * (1 - smooth)
    scale = float(np.sum(variances**2) / np.sum(variances))
    freedom = float(np.sum(variances) / scale)
    observed = n * squares / scale
    ends = [
        math.sqrt(_noncentrality(observed, freedom, tail) * scale / n)
        for tail in (1 - _TAIL, _TAIL)
    ]
    return Interval(value, min(value, ends[0]), min(1.0, max(value, ends[1])))


def _noncentrality(observed: float, freedom: float, probability: float) -> float:
    """Return the noncentrality at which a chi-square variable is at most `observed` with this
    probability; 0 if it is less likely even without one."""
    if scipy.special.chdtr(freedom, observed) <= probability:
        return 0.0
    return float(scipy.special.chndtrinc(observed, freedom, probability))


def _error(bins: CalibrationBins, few: FewOfClass | None) -> Metric:
    own, n = calibration_error(bins), int(bins.rows.sum())
    if few is not None:
        return Metric(metric="calibration_error", rows=n, value=own.value, evidence=few)
    return Metric(metric="calibration_error", rows=n, value=own.value, low=own.low, high=own.high)


def _curve(bins: CalibrationBins) -> list[Metric]:
    """Return the points of the curve: by mean score, the fraction of positive rows."""
    names = [f"{score:.4g}" for score in bins.scores.tolist()]
    if len(set(names)) < len(names):
        names = list(map(repr, bins.scores.tolist()))
    points = []
    for name, rows, count in zip(names, bins.rows.tolist(), bins.positives.tolist(), strict=True):
        low, high = clopper_pearson(count, rows, 0.95)
        points.append(
            Metric(
                metric="calibration_rate",
                segment=f"score={name}",
                rows=rows,
                count=round(count),
                value=count / rows,
                low=low,
                high=high,
            )
        )
    return points
