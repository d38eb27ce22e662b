"""Permutation test for the growth of a mean, from the moments of both samples."""

from __future__ import annotations

import math

from modeltap.analysis.model.moments import Moments, pooled
from modeltap.analysis.statistics.hypothesis_tests import upper_tail


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
