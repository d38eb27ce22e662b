"""Words of texts: in what fraction of the texts each occurs, and which fraction moved most.

Counts are of texts: all of them first, then those with each word. A text counts once for each of
its words, so that each fraction is one of independent rows.
"""

from __future__ import annotations

import numpy as np

from modeltap.analysis.statistics.distances import effect
from modeltap.analysis.statistics.hypothesis_tests import fisher_two_sided

_MOST_MOVED = 10
"""The largest effect is among the words whose fractions moved most; one for each costs more."""


def moved_most(reference: np.ndarray, current: np.ndarray) -> int:
    """Return the place of the word whose fraction moved furthest beyond chance; 0 if none did."""
    n, m = int(reference[0]), int(current[0])
    if not n or not m or len(reference) < 2:
        return 0
    both = (reference[1:] + current[1:]) / (n + m)
    spread = np.sqrt(np.maximum(both * (1 - both), 1e-12) * (1 / n + 1 / m))
    return 1 + int(np.argmax(np.abs(reference[1:] / n - current[1:] / m) / spread))


def p_value(reference: np.ndarray, current: np.ndarray) -> float:
    """Return Fisher's p-value of the word that moved most, times their number (Bonferroni)."""
    place = moved_most(reference, current)
    if not place:
        return 1.0
    counts = int(reference[place]), int(reference[0]), int(current[place]), int(current[0])
    return min(1.0, fisher_two_sided(*counts) * (len(reference) - 1))


def distance(reference: np.ndarray, current: np.ndarray) -> float:
    """Return the largest effect among the words, each as (texts with it, texts without)."""
    n, m = int(reference[0]), int(current[0])
    if not n or not m:
        return 0.0
    pairs = zip(reference[1:].tolist(), current[1:].tolist(), strict=True)
    moved = sorted(pairs, key=lambda pair: -abs(pair[0] / n - pair[1] / m))[:_MOST_MOVED]
    return max((effect(np.array([a, n - a]), np.array([b, m - b])) for a, b in moved), default=0.0)
