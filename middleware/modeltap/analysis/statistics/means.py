"""Means: their intervals, and a permutation test for their growth."""

from __future__ import annotations

import math

import numpy as np
import scipy

from modeltap.analysis.model.moments import Moments, moments, pooled
from modeltap.analysis.statistics.hypothesis_tests import upper_tail
from modeltap.analysis.statistics.rates import clopper_pearson
from modeltap.analysis.statistics.scores import Interval

_TAIL = 0.975
"""The quantile of a 95 % interval."""

_SYMMETRIC = 1e-9
"""A smaller skewness changes nothing, and would be divided by."""

_LARGEST_LOG = 700.0
"""A larger exponent overflows."""


def mean_interval(values: np.ndarray, *, may_be_rate: bool = True) -> Interval:
    """Return the mean of (n,) values and its 95 % interval, n at least 2.

    Student's t, corrected for skewed values by the cubic transformation of Hall (1992, "On the
    removal of skewness by transformation"); of zeros and ones the exact interval of a rate. The
    degrees of freedom are those of the variance of values with this kurtosis (Satterthwaite, 1946):
    few if rare values make most of it.

    Args:
        may_be_rate: whether zeros and ones are outcomes, and not measured values, such as errors of
            whole numbers, whose interval does not depend on their unit.

    >>> [round(end, 3) for end in mean_interval(np.array([1.0, 2.0, 3.0, 4.0]))]
    [2.5, 0.446, 4.554]
    """
    own, n = moments(values), len(values)
    if may_be_rate and ((values == 0) | (values == 1)).all():
        return Interval(own.mean, *clopper_pearson(round(own.mean * n), n, 0.95))
    freedom, skewness = n - 1.0, 0.0
    if own.second > 0 and n > 2:  # standardised first, because a higher power may be infinite
        standard = (values - own.mean) / math.sqrt(own.second)
        squares = standard * standard
        freedom = _freedom(float((squares * squares).mean()), n)
        skewness = float((squares * standard).mean()) * math.sqrt(n * (n - 1)) / (n - 2)
    quantile = float(scipy.special.stdtrit(freedom, _TAIL))
    error = error_of_mean(values)
    low, high = (_unskewed(end, skewness / math.sqrt(n)) for end in (quantile, -quantile))
    return Interval(own.mean, own.mean - error * low, own.mean - error * high)


def _freedom(kurtosis: float, n: int) -> float:
    """Return the degrees of freedom of the variance of n values, from 1 to n - 1.

    ``2 n / (k - 1)`` for the kurtosis k, which is n for normal values, whose k is 3.
    """
    return max(1.0, min(n - 1.0, 2 * n / (kurtosis - 1))) if kurtosis > 1 else n - 1.0


def _unskewed(quantile: float, skewness: float) -> float:
    """Return the quantile of a t statistic of values whose skewness is this times the root of n.

    The inverse of ``t + a t^2 / 3 + a^2 t^3 / 27 + a / 6`` for the skewness a.
    """
    if abs(skewness) < _SYMMETRIC:
        return quantile
    return 3 / skewness * (math.cbrt(1 + skewness * (quantile - skewness / 6)) - 1)


def positive_interval(values: np.ndarray, freedom: int | None = None) -> Interval | None:
    """Return the mean of (n,) values that are not negative, with its 95 % interval.

    Student's t on the scale of logarithms, on which a mean of skewed values is more nearly normal.
    None if the mean is 0 or infinite.

    Args:
        freedom: the degrees of freedom, by default n - 1.
    """
    mean = float(values.mean())
    if not 0 < mean < math.inf:
        return None
    quantile = scipy.special.stdtrit(len(values) - 1 if freedom is None else freedom, _TAIL)
    factor = math.exp(min(float(quantile) * error_of_mean(values) / mean, _LARGEST_LOG))
    return Interval(mean, mean / factor, mean * factor)


def error_of_mean(values: np.ndarray) -> float:
    """Return the standard error of the mean of (n,) values."""
    return float(values.std(ddof=1)) / math.sqrt(len(values))


def mean_grew(reference: Moments, current: Moments) -> float:
    """Return the one-sided p-value that the mean has not grown.

    Under the null hypothesis the window is a draw without replacement from both samples together.
    The sum of a draw has a known mean, variance and skewness. Its tail is that of Pearson's type
    III, because a normal tail is too thin for skewed values such as absolute errors.

    >>> mean_grew(Moments(1000, 1.0, 1.0, 2.0), Moments(100, 1.6, 1.0, 2.0)) < 1e-4
    True
    """
    both = pooled(reference, current)
    total, m = both.rows, current.rows
    share = m / total
    if not both.second > 0 or total < 3:
        return 1.0
    variance = m * (1 - share) * total / (total - 1) * both.second
    skewed = m * (1 - share) * (1 - 2 * share) * total**2 / ((total - 1) * (total - 2))
    z = m * (current.mean - both.mean) / math.sqrt(variance)
    return float(min(1.0, upper_tail(z, skewed * both.third / variance**1.5)))
