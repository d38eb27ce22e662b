"""A text's words: in which share of the texts each occurs, and which of these shares moved."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

Test = Callable[[int, int, int, int], float]
Effect = Callable[[np.ndarray, np.ndarray], float]


def moved_most(reference: np.ndarray, current: np.ndarray) -> int:
    """Return the place of the word whose share moved furthest beyond chance; 0 if there is none.

    Both are counts of texts: all of them, then those with each word. A text counts once for each
    of its words, so that each share is one of independent rows.
    """
    n, m = int(reference[0]), int(current[0])
    if not n or not m or len(reference) < 2:
        return 0
    both = (reference[1:] + current[1:]) / (n + m)
    spread = np.sqrt(np.maximum(both * (1 - both), 1e-12) * (1 / n + 1 / m))
    return 1 + int(np.argmax(np.abs(reference[1:] / n - current[1:] / m) / spread))


def p_value(reference: np.ndarray, current: np.ndarray, exact: Test) -> float:
    """Return `exact`'s p-value of the word that moved most, times their number (Bonferroni)."""
    place = moved_most(reference, current)
    if not place:
        return 1.0
    p = exact(int(reference[place]), int(reference[0]), int(current[place]), int(current[0]))
    return min(1.0, p * (len(reference) - 1))


def distance(reference: np.ndarray, current: np.ndarray, effect: Effect) -> float:
    """Return the largest `effect` among the words, each as (texts with it, texts without)."""
    n, m = int(reference[0]), int(current[0])
    if not n or not m:
        return 0.0
    pairs = zip(reference[1:].tolist(), current[1:].tolist(), strict=True)
    moved = sorted(pairs, key=lambda pair: -abs(pair[0] / n - pair[1] / m))[:10]
    return max((effect(np.array([a, n - a]), np.array([b, m - b])) for a, b in moved), default=0.0)
