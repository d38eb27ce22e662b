"""A rate that a judge reports, corrected by its sensitivity and specificity."""

from __future__ import annotations

import math
from typing import NamedTuple

import scipy

from modeltap.analysis.statistics.rates import clopper_pearson


class JudgeErrors(NamedTuple):
    """A judge's ratings of rows that people rated, too.

    Args:
        positives: rows that people rated positive, and `hits` of them that the judge did.
        negatives: rows that people rated negative, and `rejections` of them that the judge did.
    """

    positives: int
    hits: int
    negatives: int
    rejections: int

    @property
    def sensitivity(self) -> float:
        """The fraction of positive rows that the judge rates positive."""
        return self.hits / self.positives if self.positives else math.nan

    @property
    def specificity(self) -> float:
        """The fraction of negative rows that the judge rates negative."""
        return self.rejections / self.negatives if self.negatives else math.nan


class CorrectedRate(NamedTuple):
    """The corrected rate and its interval."""

    value: float
    low: float
    high: float


FEWEST = 5
"""Rows of each kind without which a sensitivity or a specificity is hardly known."""


def corrected_rate(
    count: int, rows: int, errors: JudgeErrors, confidence: float = 0.95
) -> CorrectedRate | None:
    """Return the rate that explains `count` positive ratings of `rows`.

    ``(p + c - 1) / (s + c - 1)`` for the reported rate p, the sensitivity s and the specificity c
    (Rogan & Gladen, 1978), within 0 and 1. The interval covers the uncertainty of all three (Lang &
    Reiczigel, 2014; arXiv 2511.21140). None if there are too few rows, or if the judge
    may not agree with people beyond chance.

    >>> own = corrected_rate(45, 100, JudgeErrors(100, 90, 100, 70))
    >>> [round(value, 2) for value in own]
    [0.25, 0.04, 0.44]
    """
    if min(errors.positives, errors.negatives) < FEWEST or not rows:
        return None
    if not is_informative(errors):
        return None
    z = float(scipy.special.ndtri(0.5 + confidence / 2))
    n, m, k = rows + z * z, errors.positives + 2, errors.negatives + 2
    p = (count + z * z / 2) / n
    s, c = (errors.hits + 1) / m, (errors.rejections + 1) / k
    gain = s + c - 1
    rate = (p + c - 1) / gain
    noise_s, noise_c = s * (1 - s) / m, c * (1 - c) / k
    shift = 2 * z * z * (rate * noise_s - (1 - rate) * noise_c)
    variance = p * (1 - p) / n + rate**2 * noise_s + (1 - rate) ** 2 * noise_c
    half = z * math.sqrt(variance) / gain
    value = (count / rows + errors.specificity - 1) / (errors.sensitivity + errors.specificity - 1)
    low, high = rate + shift - half, rate + shift + half
    value = min(1.0, max(0.0, value))
    return CorrectedRate(value, min(value, max(0.0, low)), max(value, min(1.0, high)))


def is_informative(errors: JudgeErrors) -> bool:
    """Return whether positive rows are rated positive more often than negative ones.

    The exact intervals of both fractions, each of 90 %, must not overlap.

    >>> is_informative(JudgeErrors(100, 90, 100, 70)), is_informative(JudgeErrors(20, 10, 20, 10))
    (True, False)
    """
    low, _ = clopper_pearson(errors.hits, errors.positives, 0.9)
    wrong = errors.negatives - errors.rejections
    _, high = clopper_pearson(wrong, errors.negatives, 0.9)
    return low > high
