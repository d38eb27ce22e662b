"""Intervals of group rates that hold for all groups at once.

With twenty 95 % intervals, one is wrong by chance. Here the whole set is right in 95 % of windows
(Cherian & Candès, 2023, "Statistical inference for fairness auditing"): the standard error of each
group is multiplied by the 95 % quantile of the largest of all standardised deviations, instead of
by 1.96. That quantile is bootstrapped with Gaussian multipliers of the rows (Chernozhukov,
Chetverikov & Kato, 2013), so groups that share rows, as `sex=Female` and `sex=Female,race=2` do,
cost less than independent ones. The interval of a rate is exact (Clopper & Pearson, 1934) at the
confidence of this quantile, because normal intervals fail in small groups with few ones.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import scipy

from modeltap.analysis.fairness.group_rates import RateValues
from modeltap.analysis.fairness.groupings import Grouping
from modeltap.analysis.model.metric import NORMAL_95
from modeltap.analysis.model.moments import Moments
from modeltap.analysis.statistics.rates import clopper_pearson

CONFIDENCE = 0.95

_DRAWS = 2_000
"""The quantile of the maximum has a standard error of about .02 with this many."""

_RIDGE = 1e-6
"""Added to variances of 1: groups of the same rows have a correlation of 1, which has no root."""

_SEED = 2305
"""A fixed seed, so that repeated evaluations of the same rows have equal intervals."""


class IntervalEnds(NamedTuple):
    """The ends of an interval."""

    low: float
    high: float


def critical_value(
    rate: RateValues, groupings: Sequence[Grouping], compared: Sequence[np.ndarray]
) -> float:
    """Return the number of standard errors on each side of a rate, for all groups at once.

    Args:
        compared: for each grouping, the positions of the groups that have enough rows.
    """
    kept = [(g, places) for g, places in zip(groupings, compared, strict=True) if len(places)]
    if not kept:
        return NORMAL_95
    root = np.linalg.cholesky(_correlation(rate, kept) + _RIDGE * np.eye(sum(map(_count, kept))))
    largest = np.abs(root @ _multipliers(len(root))).max(axis=0)
    return max(NORMAL_95, float(np.quantile(largest, CONFIDENCE)))


@lru_cache(maxsize=8)
def _multipliers(groups: int) -> np.ndarray:
    """Return (groups, draws) standard normal numbers, the same for every rate and window."""
    return np.random.default_rng(_SEED).standard_normal((groups, _DRAWS))


def _count(part: tuple[Grouping, np.ndarray]) -> int:
    return len(part[1])


def rate_interval(rate: Moments, critical: float, *, binary: bool) -> IntervalEnds:
    """Return the exact interval of a rate, or that of a mean with Student's quantile."""
    n, mean = rate.rows, rate.mean
    beyond = float(scipy.special.ndtr(-critical))
    if binary:
        return IntervalEnds(*clopper_pearson(round(mean * n), n, confidence=1 - 2 * beyond))
    wider = float(-scipy.special.stdtrit(n - 1, beyond))
    half = wider * math.sqrt(rate.second / (n - 1))
    return IntervalEnds(max(0.0, mean - half), mean + half)


def _correlation(rate: RateValues, kept: Sequence[tuple[Grouping, np.ndarray]]) -> np.ndarray:
    """Return the correlations of the groups' rates, which follow from the rows they share.

    The covariance of two means is the sum of ``(v - a) (v - b)`` over the rows of both, divided by
    the rows of each. Rows in the same groups are summed first.
    """
    members = [grouping.members[rate.defined] for grouping, _ in kept]
    values = rate.values[rate.defined]
    first, inverse = _cells(members)
    sums = [np.bincount(inverse, weights=values**power) for power in (0, 1, 2)]
    within = np.concatenate(
        [own[first][:, None] == places for own, (_, places) in zip(members, kept, strict=True)],
        axis=1,
    ).astype(np.float64)
    rows, sums_of, squares = (within.T @ (part[:, None] * within) for part in sums)
    means = np.diag(sums_of) / np.maximum(np.diag(rows), 1)
    both = squares - (means[:, None] + means[None]) * sums_of + np.outer(means, means) * rows
    spread = np.sqrt(np.maximum(np.diag(both), 0.0))
    # A group whose values are all equal varies, too, independently of the others.
    scale = np.where(spread > 0, spread, 1.0)
    correlation: np.ndarray = both / np.outer(scale, scale)
    np.fill_diagonal(correlation, 1.0)
    return correlation


def _cells(members: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Return the first row of each combination of groups, and the combination of each row."""
    codes = np.zeros(len(members[0]), dtype=np.int64)
    for own in members:
        codes = np.unique(codes, return_inverse=True)[1].reshape(-1)
        codes = codes * (int(own.max(initial=0)) + 2) + own + 1
    _, first, inverse = np.unique(codes, return_index=True, return_inverse=True)
    return first, inverse.reshape(-1)
