"""The test that the gap between two groups has widened since the reference.

A gap has widened by chance if neither group's rate has changed. Given the totals of both periods,
the number of selected rows of a group in the window is then hypergeometric (Fisher, 1935), and the
two groups are independent; so the probability of a difference as large as the observed one is a sum
over the counts of one group, exact for any counts. If all rates have changed together, the gap has
not widened, but these distributions are too narrow: the p-value is therefore not below that of a
z-test of the difference of differences, whose variances are not pooled (Agresti & Caffo, 2000, add
a success and a failure).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import scipy

from modeltap.analysis.model.moments import Moments, pooled
from modeltap.analysis.statistics.hypothesis_tests import upper_tail

_EQUAL = 1e-9
"""Differences of fractions that are closer than this are equal."""


@dataclass(frozen=True)
class RateChange:
    """A group's rate in a window and in the reference, None if it does not have the group."""

    now: Moments
    before: Moments | None

    @cached_property
    def counts(self) -> Counts:
        """The distribution of the window's count if the rate has not changed."""
        return _counts(self.now, self.before)


@dataclass(frozen=True)
class Counts:
    """Probabilities and cumulative probabilities of the counts from `low` on."""

    low: int
    probabilities: np.ndarray
    cumulative: np.ndarray


def rates_widened(high: RateChange, low: RateChange) -> float:
    """Return the one-sided p-value that the difference of two rates has not grown.

    >>> from modeltap.analysis.fairness.group_rates import of_count
    >>> steady = RateChange(of_count(100, 500), of_count(400, 2000))
    >>> fallen = RateChange(of_count(40, 500), of_count(400, 2000))
    >>> rates_widened(steady, fallen) < 1e-4, rates_widened(steady, steady) > 0.4
    (True, True)
    """
    own, other = high.counts, low.counts
    difference = high.now.mean - low.now.mean
    values = np.arange(own.low, own.low + len(own.probabilities)) / high.now.rows
    most = np.floor((values - difference) * low.now.rows + _EQUAL * low.now.rows)
    places = most.astype(np.int64) - other.low
    chances = np.where(
        places < 0, 0.0, other.cumulative[np.clip(places, 0, len(other.cumulative) - 1)]
    )
    exact = float(np.dot(own.probabilities, chances))
    return min(1.0, max(exact, _unpooled(high, low)))


def means_widened(high: RateChange, low: RateChange) -> float:
    """Return the one-sided p-value that the difference of two means has not grown.

    By the first three moments of a permutation of each group's rows between window and reference.
    """
    parts = [_permuted(change) for change in (high, low)]
    deviation = parts[0].mean - parts[1].mean
    variance = parts[0].second + parts[1].second
    third = parts[0].third - parts[1].third
    if not variance > 0:
        return 1.0
    return float(min(1.0, upper_tail(deviation / math.sqrt(variance), third / variance**1.5)))


def _counts(now: Moments, before: Moments | None) -> Counts:
    count = round(now.mean * now.rows)
    if before is None:
        return Counts(count, np.ones(1), np.ones(1))
    total = now.rows + before.rows
    ones = count + round(before.mean * before.rows)
    low, high = max(0, ones - before.rows), min(ones, now.rows)
    k = np.arange(low, high + 1)
    logs = (
        _log_choose(ones, k)
        + _log_choose(total - ones, now.rows - k)
        - _log_choose(total, np.array(now.rows))
    )
    probabilities = np.exp(logs)
    return Counts(low, probabilities, np.minimum(1.0, np.cumsum(probabilities)))


def _log_choose(n: int, k: np.ndarray) -> np.ndarray:
    logs: np.ndarray = (
        scipy.special.gammaln(n + 1)
        - scipy.special.gammaln(k + 1)
        - scipy.special.gammaln(n - k + 1)
    )
    return logs


def _unpooled(high: RateChange, low: RateChange) -> float:
    """Return the p-value of the z-test of the difference of differences."""
    grown, variance = 0.0, 0.0
    for change, sign in ((high, 1.0), (low, -1.0)):
        if change.before is None:
            continue
        for rate, of in ((change.now, sign), (change.before, -sign)):
            mean = (rate.mean * rate.rows + 1) / (rate.rows + 2)
            grown += of * mean
            variance += mean * (1 - mean) / (rate.rows + 2)
    return float(scipy.special.ndtr(-grown / math.sqrt(variance))) if variance else 1.0


def _permuted(change: RateChange) -> Moments:
    """Return a window's mean less the one expected, and the moments of it in permutations."""
    if change.before is None:
        return Moments(change.now.rows, 0.0, 0.0, 0.0)
    both, rows = pooled(change.before, change.now), change.now.rows
    total = both.rows
    if total < 3:
        return Moments(rows, 0.0, 0.0, 0.0)
    part = rows / total
    second = (1 - part) * total / (total - 1) * both.second / rows
    skewed = (1 - part) * (1 - 2 * part) * total**2 / ((total - 1) * (total - 2))
    return Moments(rows, change.now.mean - both.mean, second, skewed * both.third / rows**2)
