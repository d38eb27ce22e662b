"""Metrics that describe the errors of numbers, each with its 95 % interval."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import scipy

from modeltap.analysis.model.metric import Metric, finite
from modeltap.analysis.statistics.means import mean_interval, positive_interval
from modeltap.analysis.statistics.scores import Interval


def describe_errors(errors: np.ndarray, labels: np.ndarray) -> list[Metric]:
    """Return `rmse`, `bias`, `median_absolute_error`, `r2` and `mape`, as scikit-learn has them.

    `r2` needs labels that vary, and `mape` labels other than 0. A metric that is infinite has no
    value.

    Args:
        errors: (n,) prediction minus label, n at least 2.
        labels: (n,) true values.

    >>> labels = np.array([1.0, 2.0, 3.0, 4.0])
    >>> {own.metric: own.value for own in describe_errors(np.full(4, 0.5), labels)}["r2"]
    0.8
    """
    with np.errstate(over="ignore", invalid="ignore"):
        return list(_described(errors, labels))


def _described(errors: np.ndarray, labels: np.ndarray) -> Iterator[Metric]:
    squares, absolute = errors**2, np.abs(errors)
    yield _rmse(squares)
    yield _bias(errors)
    yield _median(absolute)
    if np.ptp(labels) > 0:
        yield _r2(squares, labels)
    if (labels != 0).all():
        yield _mean_of_positive("mape", absolute / np.abs(labels))


def _rmse(squares: np.ndarray) -> Metric:
    """Return the root of the mean square; its interval is the root of that of the mean.

    Squares of heavy-tailed errors are skewed even on the scale of logarithms.
    """
    mean = float(squares.mean())
    if not 0 < mean < math.inf:
        return _mean_of_positive("rmse", squares)
    own = _relative_interval(squares / mean - 1)
    roots = [math.sqrt(end) for end in (mean, mean * own.low, mean * own.high)]
    return Metric(metric="rmse", rows=len(squares), value=roots[0], low=roots[1], high=roots[2])


def _bias(errors: np.ndarray) -> Metric:
    own = mean_interval(errors, may_be_rate=False)
    return Metric(
        metric="bias", rows=len(errors), value=own.value, low=finite(own.low), high=finite(own.high)
    )


def _r2(squares: np.ndarray, labels: np.ndarray) -> Metric:
    """Return the coefficient of determination, ``1 - sum of squares / that of the labels``.

    The interval of the ratio of two means is that of the delta method, corrected for skewness.
    """
    gaps = (labels - labels.mean()) ** 2
    ratio = float(squares.mean() / gaps.mean())
    if not 0 < ratio < math.inf:
        return Metric(metric="r2", rows=len(labels), value=finite(1 - ratio))
    own = _relative_interval(squares / squares.mean() - gaps / gaps.mean())
    low, high = ratio * own.low, ratio * own.high
    return Metric(
        metric="r2", rows=len(labels), value=1 - ratio, low=finite(1 - high), high=finite(1 - low)
    )


def _mean_of_positive(name: str, values: np.ndarray) -> Metric:
    """Return a mean of values that are not negative, with its interval on the scale of logs."""
    own = positive_interval(values)
    if own is None:
        return Metric(metric=name, rows=len(values), value=finite(float(values.mean())))
    return Metric(
        metric=name, rows=len(values), value=own.value, low=finite(own.low), high=finite(own.high)
    )


def _relative_interval(influences: np.ndarray) -> Interval:
    """Return the ends of a positive quantity as factors, from (n,) relative influences of its rows.

    Where the lower one would be negative, it is that of the scale of logarithms.
    """
    own = mean_interval(influences, may_be_rate=False)
    return Interval(1.0, 1 + own.low if own.low > -1 else math.exp(own.low), 1 + own.high)


def _median(absolute: np.ndarray) -> Metric:
    """Return the median, and the exact interval between two order statistics (Thompson, 1936)."""
    n = len(absolute)
    ordered = np.sort(absolute)
    # With probability .975, more than k rows are below the median.
    k = int(scipy.special.bdtrik(0.025, n, 0.5)) if n > 5 else 0
    return Metric(
        metric="median_absolute_error",
        rows=n,
        value=finite(float(np.median(absolute))),
        low=finite(float(ordered[k])),
        high=finite(float(ordered[n - 1 - k])),
    )
