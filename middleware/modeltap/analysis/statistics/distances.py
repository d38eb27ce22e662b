"""Distances between two sets of counts: PSI, KS, Jensen-Shannon, Wasserstein.

Each is a pure function of the reference's counts and a window's, and always finite.
"""

from __future__ import annotations

import numpy as np
import scipy

from modeltap.analysis.model.feature import Feature

_SMOOTHING = 1e-4
"""Added to each fraction, so that PSI is finite: an empty bin counts as one row in ten thousand."""


JS_OF_CHI2 = 1 / (8 * float(np.log(2)))
"""The divergence of two samples is about this times their chi-square times ``1/n + 1/m``."""


def psi(reference: np.ndarray, current: np.ndarray) -> float:
    """Return the population stability index ``sum((q - p) * ln(q / p))`` of (bins,) counts.

    A ten-thousandth is added to each fraction, so that empty bins yield finite values.

    >>> psi(np.array([500, 500]), np.array([5000, 5000]))
    0.0
    """
    p, q = _smoothed(reference), _smoothed(current)
    return float(np.sum((q - p) * np.log(q / p)))


def ks(reference: np.ndarray, current: np.ndarray) -> float:
    """Return the Kolmogorov-Smirnov distance: the largest difference of cumulative fractions."""
    if not reference.sum() or not current.sum():
        return 0.0
    return float(np.max(np.abs(np.cumsum(_fractions(reference)) - np.cumsum(_fractions(current)))))


def js(reference: np.ndarray, current: np.ndarray) -> float:
    """Return the Jensen-Shannon distance in base 2, the root of the divergence, from 0 to 1.

    Lin (1991), Divergence measures based on the Shannon entropy.
    """
    if not reference.sum() or not current.sum():
        return 0.0
    p, q = _fractions(reference), _fractions(current)
    middle = (p + q) / 2
    divergence = (_entropy_from(p, middle) + _entropy_from(q, middle)) / 2
    return float(np.sqrt(max(0.0, divergence)))


def wasserstein(reference: np.ndarray, current: np.ndarray, feature: Feature) -> float:
    """Return the Wasserstein-1 distance in the feature's unit, from the edges of its bins.

    Rows are assumed to be spread evenly within a bin; the open outer bins end at the reference's
    smallest and largest value.
    """
    if not len(feature.edges) or not reference.sum() or not current.sum():
        return 0.0
    edges = np.array([min(feature.low, feature.edges[0]), *feature.edges])
    edges = np.append(edges, max(feature.high, edges[-1]))
    gap = np.cumsum(_fractions(reference) - _fractions(current))
    left = np.concatenate([[0.0], gap[:-1]])
    same_sign = left * gap >= 0
    spread = np.abs(left) + np.abs(gap)
    crossing = (left**2 + gap**2) / np.where(spread > 0, spread, 1.0)
    height = np.where(same_sign, spread, crossing) / 2
    with np.errstate(over="ignore"):
        # Edges near the largest float may lie more than that apart.
        widths = np.minimum(np.diff(edges), np.finfo(np.float64).max)
        return float(min(np.sum(widths * height), np.finfo(np.float64).max))


def coarse(feature: Feature, counts: np.ndarray) -> np.ndarray:
    """Return the counts of a feature's coarse bins, without the special bins."""
    size = max(feature.coarse, default=-1) + 1
    return np.bincount(
        np.array(feature.coarse, dtype=np.int64), weights=counts[: feature.bins], minlength=size
    )


def coarse_each(feature: Feature, counts: np.ndarray) -> np.ndarray:
    """Return the (b, cells) counts of a feature's coarse bins, from (b, bins) counts."""
    places = np.array(feature.coarse, dtype=np.int64)
    members = places[:, None] == np.arange(places.max(initial=-1) + 1)
    return np.asarray(counts[:, : len(places)] @ members.astype(np.int64))


def effect(reference: np.ndarray, current: np.ndarray) -> float:
    """Return the Jensen-Shannon distance of coarse counts, less the expectation by chance.

    By chance the divergence is about ``(bins - 1) / (8 ln 2) * (1/n + 1/m)``.
    """
    n, m = reference.sum(), current.sum()
    if not n or not m:
        return 0.0
    cells = int(np.count_nonzero(reference + current))
    expected = (cells - 1) * JS_OF_CHI2 * (1 / n + 1 / m)
    return float(np.sqrt(max(0.0, js(reference, current) ** 2 - expected)))


_NORMAL_FROM = 1e4
"""With a larger noncentrality, a noncentral chi-square is practically normal."""


def p_beyond(reference: np.ndarray, current: np.ndarray, baseline: float) -> float:
    """Return the p-value that the distance of two sources is at most `baseline`.

    The divergence of coarse counts is ``(1/n + 1/m) / (8 ln 2)`` times a noncentral chi-square;
    its noncentrality is the squared distance of the sources on the same scale.

    >>> p_beyond(np.array([50, 50]), np.array([40, 60]), 0.0) < 0.2
    True
    >>> p_beyond(np.array([50, 50]), np.array([40, 60]), 0.2) > 0.9
    True
    """
    n, m = reference.sum(), current.sum()
    if not n or not m:
        return 1.0
    scale = JS_OF_CHI2 * (1 / n + 1 / m)
    freedom = max(1, int(np.count_nonzero(reference + current)) - 1)
    statistic, noncentrality = js(reference, current) ** 2 / scale, baseline**2 / scale
    if noncentrality > _NORMAL_FROM:
        spread = np.sqrt(2 * (freedom + 2 * noncentrality))
        return float(scipy.special.ndtr((freedom + noncentrality - statistic) / spread))
    return float(1 - scipy.special.chndtr(statistic, freedom, noncentrality))


def divergences(reference: np.ndarray, current: np.ndarray) -> np.ndarray:
    """Return the Jensen-Shannon divergences (base 2) of p pairs of (p, bins) counts.

    >>> divergences(np.array([[1, 1], [1, 0]]), np.array([[2, 2], [0, 1]])).round(9).tolist()
    [0.0, 1.0]
    """
    p, q = (a / np.maximum(1, a.sum(axis=1, keepdims=True)) for a in (reference, current))
    middle = np.where(p + q > 0, (p + q) / 2, 1.0)
    parts = (x * np.log2(np.where(x > 0, x / middle, 1.0)) for x in (p, q))
    return np.asarray(np.maximum(0.0, sum(part.sum(axis=1) for part in parts) / 2))


def _fractions(counts: np.ndarray) -> np.ndarray:
    return np.asarray(counts / max(1, counts.sum()))


def _smoothed(counts: np.ndarray) -> np.ndarray:
    # Fractions are smoothed, not counts, so that the result does not depend on the sample size.
    fractions = _fractions(counts) + _SMOOTHING
    return np.asarray(fractions / fractions.sum())


def _entropy_from(p: np.ndarray, middle: np.ndarray) -> float:
    keep = p > 0
    return float(np.sum(p[keep] * np.log2(p[keep] / middle[keep])))
