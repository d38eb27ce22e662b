"""Hypothesis tests for the difference of two sets of counts, and the combination of p-values.

Each is a pure function of the reference's counts and a window's; p-values are from 0 to 1.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import scipy

from modeltap.analysis.model.feature import Feature
from modeltap.analysis.statistics.distances import coarse, ks

_POOLED = 5.0
"""The expected rows in the smaller sample below which chi-square cells are pooled."""

_MIN_VARIED = 20.0
"""Rank tests need this many rows besides the most common value. With fewer (a rare event among 100
rows), their normal approximation yields p-values of .0004 four times too often."""

_ALL_CELLS = 0.2
"""The weight of the chi-square test against tests of single categories, of which mostly one
drifts."""

_EXACT_CELLS = 10
"""The number of categories with an exact p-value, a bound on cost: the least likely ones decide."""

_OVERALL_WEIGHT = 0.5
"""The Cauchy weight of each test against any alternative (KS, chi-square, tails, the bin that grew
most, Anderson-Darling): they complement the rank tests and should cost these little power."""

_COMMONEST_WEIGHT = 3.0
"""The weight of the exact test of the most common value, more than of all others together:
if most rows have one value, its fraction is the most likely change."""

_RANK_WEIGHTS = (6.0, 1.5, 1.0)
"""The weights of the rank tests of location (most drifts are shifts), light and heavy tails."""

_SURE_DIGITS = 1e-15
"""Below this p-value, tan((0.5 - p) pi) loses all its digits, and 1 / (p pi) is exact."""

_SKEW_IS_NONE = 1e-3
"""With less skewness, a gamma distribution is practically normal, and its shape would be huge."""


def p_value(reference: np.ndarray, current: np.ndarray, feature: Feature) -> float:
    """Return the combined p-value that both counts have one distribution, without special bins.

    Numeric columns: rank tests of location and scale, Kolmogorov-Smirnov and Anderson-Darling on
    the fine bins, chi-square on the coarse bins, exact tests of the rows outside the reference on
    each side and of the fine bin that grew most. If most rows have one value, an exact test of its
    fraction replaces the rank tests. Categorical columns: chi-square and an exact test of each
    fraction. The p-values are combined by the Cauchy combination (Liu & Xie, 2020), which is valid
    for any dependence.
    """
    n, m = int(reference.sum()), int(current.sum())
    if not n or not m:
        return 1.0
    _, cells_p = chi2(coarse(feature, reference), coarse(feature, current))
    if feature.kind != "numeric":
        cells, cell_weights = _cells(reference, current)
        return cauchy([cells_p, *cells], [_ALL_CELLS, *((1 - _ALL_CELLS) * cell_weights)])
    ks_p = float(scipy.special.kolmogorov(ks(reference, current) * np.sqrt(n * m / (n + m))))
    p_values = [
        ks_p,
        cells_p,
        _tails(reference, current, feature),
        most_grown_p_value(reference, current),
    ]
    weights = [_OVERALL_WEIGHT] * 4
    both = reference + current
    commonest = int(np.argmax(both))
    if min(n, m) * (1 - both[commonest] / (n + m)) < _MIN_VARIED:
        p_values.append(fisher_two_sided(int(reference[commonest]), n, int(current[commonest]), m))
        weights.append(_COMMONEST_WEIGHT)
    else:
        p_values += [_anderson_darling(reference, current), *_rank_tests(reference, current)]
        weights += [_OVERALL_WEIGHT, *_RANK_WEIGHTS]
    return cauchy(p_values, weights)


def chi2(reference: np.ndarray, current: np.ndarray) -> tuple[float, float]:
    """Return the two-sample chi-square statistic of counts, and its p-value.

    The reference counts as a sample, too. Cells that expect fewer than 5 rows in the smaller sample
    are pooled. For the p-value each cell is moved half a row towards its expectation (Yates),
    because the approximation has too thin tails if cells expect only some ten rows.
    """
    a, b = _pooled(reference, current)
    n, m = a.sum(), b.sum()
    if len(a) < 2 or not n or not m:
        return 0.0, 1.0
    weight = (n + m) ** 2 / (n * m * (a + b))
    gap = np.abs(b - (a + b) * (m / (n + m)))
    statistic = float(np.sum(weight * gap**2))
    cautious = float(np.sum(weight * np.maximum(0.0, gap - 0.5) ** 2))
    return statistic, float(scipy.special.chdtrc(len(a) - 1, cautious))


def _tails(reference: np.ndarray, current: np.ndarray, feature: Feature) -> float:
    """Return the p-value of an exact test of the rows outside the reference's values.

    That the reference defines the limits introduces no bias: b of m rows are above all n others
    with probability ``C(m, b) / C(n + m, b)``, as the test assumes.
    """
    n, m = int(reference.sum()), int(current.sum())
    edges = np.array(feature.edges)
    below = int(np.searchsorted(edges, feature.low, "right"))
    above = int(np.searchsorted(edges, feature.high, "right")) + 1
    ends = [
        fisher_two_sided(int(reference[part].sum()), n, int(current[part].sum()), m)
        for part in (slice(None, below), slice(above, None))
    ]
    return min(1.0, 2 * min(ends))


def most_grown_bin(reference: np.ndarray, current: np.ndarray) -> int:
    """Return the index of the bin whose fraction grew most significantly."""
    n, m = int(reference.sum()), int(current.sum())
    both = (reference + current) / (n + m)
    spread = np.sqrt(np.maximum(both * (1 - both), 1e-12) * (1 / n + 1 / m))
    return int(np.argmax((current / m - reference / n) / spread))


def most_grown_p_value(reference: np.ndarray, current: np.ndarray) -> float:
    """Return Fisher's one-sided p-value of the bin that grew most, times the bins with rows.

    Cumulative tests have little power here: a new value in 5 % of rows moves no quantile further.
    """
    place = most_grown_bin(reference, current)
    a, b = int(reference[place]), int(current[place])
    p = fisher(a, int(reference.sum()), b, int(current.sum()))[1]
    return min(1.0, p * int(np.count_nonzero(reference + current)))


def _rank_tests(reference: np.ndarray, current: np.ndarray) -> list[float]:
    """Return the p-values of three rank tests, from counts.

    Van der Waerden (1952) scores a rank by its normal quantile, which is optimal for shifts of a
    normal distribution. Klotz (1962) squares that score, for changes of scale with light tails;
    Mood (1954) squares the rank's distance from the middle, for heavy tails.
    """
    both = (reference + current).astype(np.float64)
    ranks = (np.cumsum(both) - both / 2) / both.sum()
    normal = scipy.special.ndtri(ranks)
    return [
        _linear_rank(both, current, scores) for scores in (normal, normal**2, (ranks - 0.5) ** 2)
    ]


def _linear_rank(both: np.ndarray, current: np.ndarray, scores: np.ndarray) -> float:
    """Return the p-value that the rows of `current` are a random draw from `both`.

    The sum of their scores has the mean, variance and skewness of a draw without replacement, with
    ties. Its tails are those of the gamma distribution with these moments (Pearson's type III): for
    the sum of a hundred squared scores, normal tails are four times too thin at .0004.
    """
    total, m = float(both.sum()), float(current.sum())
    filled = both > 0
    both, current, scores = both[filled], current[filled], scores[filled]
    scores = scores - np.sum(both * scores) / total
    second, third = (float(np.sum(both * scores**power)) / total for power in (2, 3))
    share = m / total
    variance = m * (1 - share) * total / (total - 1) * second
    if not variance > 0:
        return 1.0
    skewed = m * (1 - share) * (1 - 2 * share) * total**2 / ((total - 1) * (total - 2)) * third
    z = float(np.sum(current * scores)) / np.sqrt(variance)
    skew = skewed / variance**1.5
    return float(min(1.0, 2 * min(upper_tail(z, skew), upper_tail(-z, -skew))))


def upper_tail(z: float, skew: float) -> float:
    """Return P(Z > z) of a standardised gamma variable with this skewness; mirrored if negative."""
    if abs(skew) < _SKEW_IS_NONE:
        return float(scipy.special.ndtr(-z))
    shape = 4 / skew**2
    at = shape + abs(z) * np.sqrt(shape) * (1 if z * skew > 0 else -1)
    if skew > 0:
        return float(scipy.special.chdtrc(2 * shape, 2 * at)) if at > 0 else 1.0
    return float(1 - scipy.special.chdtrc(2 * shape, 2 * at)) if at > 0 else 0.0


def _anderson_darling(reference: np.ndarray, current: np.ndarray) -> float:
    """Return the p-value of the two-sample Anderson-Darling test, by the limit of its tail.

    Scholz & Stephens (1987). Under the null hypothesis A^2 is a sum of chi-squares with weights 1 /
    (j (j + 1)). The largest weight, 1/2, dominates the tail: P(A^2 > x) ~ sqrt(3) P(chi2_1 > 2x),
    which gives .0095 for a tabulated .01.
    """
    n, m = reference.sum(), current.sum()
    both = (reference + current).astype(np.float64)
    below = np.cumsum(both)[:-1]
    gap = np.cumsum(reference)[:-1] * (n + m) - n * below
    inner = below * (n + m - below)
    weight = (both[:-1] + both[1:]) / 2
    keep = inner > 0
    statistic = float(np.sum(weight[keep] * gap[keep] ** 2 / inner[keep]) / n / m)
    return min(1.0, float(np.sqrt(3) * scipy.special.chdtrc(1, 2 * statistic)))


def _cells(reference: np.ndarray, current: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the p-value of each category that its fraction is unchanged, and its weight.

    The weights add up to 1 and grow with the square root of the fraction: a growth by five points
    is significant by any test for a small category, but needs all available power for a large one
    (weighted testing; Genovese et al., 2006). The categories with the smallest p-values are tested
    exactly, the others by the normal approximation.
    """
    n, m = int(reference.sum()), int(current.sum())
    filled = reference + current > 0
    a, b = reference[filled], current[filled]
    both = (a + b) / (n + m)
    weights = np.sqrt(both) / np.sqrt(both).sum()
    spread = np.sqrt(np.maximum(both * (1 - both), 1e-12) * (1 / n + 1 / m))
    p_values = 2 * scipy.special.ndtr(-np.abs(a / n - b / m) / spread)
    for place in np.argsort(p_values / weights)[:_EXACT_CELLS].tolist():
        p_values[place] = fisher_two_sided(int(a[place]), n, int(b[place]), m)
    return p_values, weights


_ZERO = 60
"""At this many standard deviations from the mean, a probability is zero as a float."""

_WHOLE = 12
"""Counts further from the mean, in standard deviations, add less than a float's last digit."""


def fisher_two_sided(a: int, n: int, b: int, m: int) -> float:
    """Return the p-value of Fisher's exact test of a of n against b of m, two-sided by doubling."""
    return min(1.0, 2 * min(fisher(a, n, b, m)))


def fisher(a: int, n: int, b: int, m: int) -> tuple[float, float]:
    """Return both one-sided p-values of Fisher's exact test: P(at most b), P(at least b).

    The test compares a of n rows with b of m rows.

    >>> [round(p, 4) for p in fisher(0, 10_000, 1, 100)]
    [1.0, 0.0099]
    """
    total = a + b
    if total == 0 or total == n + m:
        return 1.0, 1.0
    mean = total * m / (n + m)
    deviation = float(np.sqrt(mean * (n / (n + m)) * (n + m - total) / (n + m - 1)))
    if abs(b - mean) > _ZERO * deviation + 10:
        return (1e-300, 1.0) if b < mean else (1.0, 1e-300)
    reach = _WHOLE * deviation + 10
    low = max(0, total - n, int(min(b, mean) - reach))
    high = min(total, m, int(max(b, mean) + reach))
    k = np.arange(low, high + 1)
    logs = _log_choose(m, k) + _log_choose(n, total - k) - _log_choose(n + m, total)
    probabilities = np.exp(logs)
    upper = float(probabilities[k >= b].sum())
    lower = float(probabilities[k <= b].sum())
    return min(1.0, lower), min(1.0, upper)


def _log_choose(n: int, k: np.ndarray | int) -> np.ndarray:
    return np.asarray(
        scipy.special.gammaln(n + 1)
        - scipy.special.gammaln(np.add(k, 1))
        - scipy.special.gammaln(np.subtract(n, k) + 1)
    )


def cauchy(p_values: Sequence[float], weights: Sequence[float] | None = None) -> float:
    """Combine p-values with any dependence by the Cauchy combination (Liu & Xie, 2020).

    >>> round(cauchy([0.01, 0.5]), 3)
    0.02
    """
    # A discrete test may yield exactly 1, and its tangent would outweigh all other p-values.
    p = np.clip(np.array(p_values), 1e-300, 0.99)
    parts = np.where(p < _SURE_DIGITS, 1 / (p * np.pi), np.tan((0.5 - p) * np.pi))
    joined = float(np.average(parts, weights=weights))
    if joined > 1e12:
        return float(min(1.0, 1 / (joined * np.pi)))
    return float(min(1.0, max(0.0, 0.5 - np.arctan(joined) / np.pi)))


def _pooled(reference: np.ndarray, current: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    n, m = reference.sum(), current.sum()
    expected = (reference + current) / max(1, n + m) * min(n, m)
    small = expected < _POOLED
    if small.any() and not small.all() and expected[small].sum() < _POOLED:
        # If all small cells together are still too small, the smallest other cell joins them.
        small |= expected == expected[~small].min()
    a = np.append(reference[~small], reference[small].sum())
    b = np.append(current[~small], current[small].sum())
    keep = a + b > 0
    return a[keep].astype(np.float64), b[keep].astype(np.float64)
