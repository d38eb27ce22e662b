"""Words of texts: the fractions of texts with each word, and the word that moved most.

Counts are numbers of texts: first of all texts, then of those with each word. A text counts once
per word, so that each fraction is of independent rows.
"""

from __future__ import annotations

import numpy as np

from modeltap.analysis.statistics.distances import effect
from modeltap.analysis.statistics.hypothesis_tests import fisher_two_sided

_MOST_MOVED = 10
"""Only words whose fractions moved most are compared, which include the largest effect."""


def moved_most(reference: np.ndarray, current: np.ndarray) -> int:
    """Return the index of the word whose fraction moved most significantly; 0 if none did."""
    n, m = int(reference[0]), int(current[0])
    if not n or not m or len(reference) < 2:
        return 0
    both = (reference[1:] + current[1:]) / (n + m)
    spread = np.sqrt(np.maximum(both * (1 - both), 1e-12) * (1 / n + 1 / m))
    return 1 + int(np.argmax(np.abs(reference[1:] / n - current[1:] / m) / spread))


def p_value(reference: np.ndarray, current: np.ndarray) -> float:
    """Return Fisher's p-value of the word that moved most, times the number of words."""
    place = moved_most(reference, current)
    if not place:
        return 1.0
    counts = int(reference[place]), int(reference[0]), int(current[place]), int(current[0])
    return min(1.0, fisher_two_sided(*counts) * (len(reference) - 1))


def distance(reference: np.ndarray, current: np.ndarray) -> float:
    """Return the largest effect of a word, on the counts of texts with and without it."""
    n, m = int(reference[0]), int(current[0])
    if not n or not m:
        return 0.0
    pairs = zip(reference[1:].tolist(), current[1:].tolist(), strict=True)
    moved = sorted(pairs, key=lambda pair: -abs(pair[0] / n - pair[1] / m))[:_MOST_MOVED]
    return max((effect(np.array([a, n - a]), np.array([b, m - b])) for a, b in moved), default=0.0)
