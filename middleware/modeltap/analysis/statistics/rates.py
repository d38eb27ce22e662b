"""Confidence intervals of rates, and a test for growth."""

from __future__ import annotations

import math

import scipy


def wilson(count: int, rows: int, confidence: float = 0.95) -> tuple[float, float]:
    """Return Wilson's score interval of the rate ``count / rows`` (Wilson, 1927).

    >>> [round(end, 3) for end in wilson(5, 100)]
    [0.022, 0.112]
    """
    if not rows:
        return 0.0, 1.0
    z = float(scipy.special.ndtri(0.5 + confidence / 2))
    rate, square = count / rows, z * z / rows
    middle = (rate + square / 2) / (1 + square)
    half = z / (1 + square) * math.sqrt(rate * (1 - rate) / rows + square / (4 * rows))
    # The ends of 0 and of 1 are those rates themselves, which rounding would miss.
    low = max(0.0, middle - half) if count > 0 else 0.0
    return low, min(1.0, middle + half) if count < rows else 1.0


def clopper_pearson(count: float, rows: float, confidence: float = 0.99) -> tuple[float, float]:
    """Return the exact interval of the rate ``count / rows`` (Clopper & Pearson, 1934).

    Both ends have the same error probability. They are quantiles of beta distributions, which are
    also defined for a fractional, effective number of rows.

    >>> [round(end, 3) for end in clopper_pearson(5, 5)]
    [0.347, 1.0]
    """
    if not rows:
        return 0.0, 1.0
    tail = (1 - confidence) / 2
    low = float(scipy.special.betaincinv(count, rows - count + 1, tail)) if count > 0 else 0.0
    high = (
        float(scipy.special.betaincinv(count + 1, rows - count, 1 - tail)) if count < rows else 1.0
    )
    return low, high


def grew(count: int, rows: int, reference_count: int, reference_rows: int) -> float:
    """Return the one-sided p-value that a rate has not grown (two-proportion z test).

    >>> grew(20, 100, 10, 1000) < 1e-6, grew(1, 100, 10, 1000) > 0.4
    (True, True)
    """
    if not rows or not reference_rows:
        return 1.0
    both = (count + reference_count) / (rows + reference_rows)
    spread = math.sqrt(both * (1 - both) * (1 / rows + 1 / reference_rows))
    if not spread:
        return 1.0
    return float(scipy.special.ndtr(-(count / rows - reference_count / reference_rows) / spread))
