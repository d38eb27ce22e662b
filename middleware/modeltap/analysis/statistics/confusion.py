"""Counts of predicted classes by true ones, the macro F1 score, and agreement beyond chance."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from scipy.special import bdtr, ndtri

from modeltap.analysis.model.baseline import is_unknown
from modeltap.analysis.model.moments import moments
from modeltap.analysis.statistics.hypothesis_tests import upper_tail

ClassPairs = Mapping[tuple[str, str], int]
"""How many rows have each pair of predicted and true class."""

_DRAWS = 9_999
"""Permutations: the smallest p-value is a tenth of a thousandth, a fifth of the level."""

_WHOLE = re.compile(r"-?(0|[1-9]\d{0,14})\.0+")
"""A whole number as a text of a decimal one; beyond fifteen digits a float is not exact."""

_SEED = 20_171
"""The same rows have the same p-value each time that they are evaluated."""


def class_pairs(predictions: Sequence[Any], labels: Sequence[Any]) -> Counter[tuple[str, str]]:
    """Count the rows of each predicted and true class, where both are known."""
    return Counter((class_name(p), class_name(label)) for p, label in _known(predictions, labels))


def _known(predictions: Sequence[Any], labels: Sequence[Any]) -> list[tuple[Any, Any]]:
    pairs = zip(predictions, labels, strict=True)
    return [(p, label) for p, label in pairs if not (is_unknown(p) or is_unknown(label))]


def class_name(value: Any) -> str:
    """Return one text for a class however it was written: 1, 1.0, "1.0"; true, True.

    Codes with leading zeros are texts: "007" is not 7.

    >>> [class_name(value) for value in (1.0, "1.0", " 1", True, "True", "007")]
    ['1', '1', '1', 'true', 'true', '007']
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    text = str(value).strip()
    if text.endswith("0") and _WHOLE.fullmatch(text):
        return str(int(float(text)))
    return text.lower() if text in ("True", "False", "TRUE", "FALSE") else text


def accuracy(pairs: ClassPairs) -> float:
    """Return the fraction of rows that were right; 0 of no rows."""
    rows = sum(pairs.values())
    right = sum(count for (predicted, true), count in pairs.items() if predicted == true)
    return right / rows if rows else 0.0


def f1_macro(pairs: ClassPairs) -> float:
    """Mean over classes of ``2 tp / (2 tp + fp + fn)``: a small class weighs as a large one.

    >>> round(f1_macro({("no", "no"): 95, ("no", "yes"): 5}), 3)
    0.487
    """
    hits: Counter[str] = Counter()
    named: Counter[str] = Counter()
    for (predicted, true), count in pairs.items():
        named[predicted] += count
        named[true] += count
        hits[true] += count * (predicted == true)
    scores = [2 * hits[name] / count for name, count in named.items() if count]
    return sum(scores) / len(scores) if scores else 0.0


def f1_fell(reference: ClassPairs, current: ClassPairs) -> float:
    """Return the one-sided p-value that macro F1 has not fallen, by permutation (Fisher, 1935).

    Under the null both are draws from their union: a window's counts are multivariate
    hypergeometric. As (1 + draws at least as far apart) / (1 + draws) it holds its level for any
    number of draws (Phipson & Smyth, 2010). Where no draw is so far apart it is less, as the gamma
    distribution with the draws' three moments says: how much less no verdict depends on.
    """
    cells = sorted({*reference, *current})
    before, now = (
        np.array([pairs.get(cell, 0) for cell in cells]) for pairs in (reference, current)
    )
    both = before + now
    draws = np.random.default_rng(_SEED).multivariate_hypergeometric(
        both, int(now.sum()), size=_DRAWS, method="marginals"
    )
    scores = _Scores(cells)
    fall = scores.of(before[None]) - scores.of(now[None])
    falls = scores.of(both - draws) - scores.of(draws)
    more = int(np.count_nonzero(falls >= fall - 1e-12))
    p = (1 + more) / (1 + _DRAWS)
    return p if more else min(p, _beyond(falls, float(fall[0])))


def _beyond(draws: np.ndarray, value: float) -> float:
    own = moments(draws)
    if not own.second > 0:
        return 1.0
    spread = math.sqrt(own.second)
    return max(1e-300, upper_tail((value - own.mean) / spread, own.third / spread**3))


class _Scores:
    """Macro F1 of many tables at once, whose cells are these."""

    def __init__(self, cells: Iterable[tuple[str, str]]) -> None:
        known = list(cells)
        names = sorted({name for cell in known for name in cell})
        self._hits = np.array([[(p == t == name) for name in names] for p, t in known], dtype=float)
        self._named = np.array([[(p == name) + (t == name) for name in names] for p, t in known])

    def of(self, counts: np.ndarray) -> np.ndarray:
        """Return the (draws,) scores of (draws, cells) counts."""
        named = counts @ self._named
        scores = 2 * (counts @ self._hits) / np.maximum(named, 1)
        found: np.ndarray = scores.sum(axis=1) / np.maximum((named > 0).sum(axis=1), 1)
        return found


def guessed(pairs: ClassPairs) -> float:
    """Return the accuracy of predictions that know nothing of their labels (Cohen, 1960).

    >>> guessed({("a", "a"): 25, ("a", "b"): 25, ("b", "a"): 25, ("b", "b"): 25})
    0.5
    """
    rows = sum(pairs.values())
    predicted: Counter[str] = Counter()
    true: Counter[str] = Counter()
    for (one, other), count in pairs.items():
        predicted[one] += count
        true[other] += count
    return sum(predicted[name] * true[name] for name in true) / rows**2 if rows else 0.0


def kappa(pairs: ClassPairs, confidence: float = 0.99) -> tuple[float, float]:
    """Return Cohen's kappa, and the upper end of its one-sided interval.

    1 is always right, 0 is guessing, less is worse than that. Where predictions or labels are of
    one class alone both are 1: there is nothing to guess.
    """
    rows, chance = sum(pairs.values()), guessed(pairs)
    if not rows or chance >= 1 or min(map(len, map(set, zip(*pairs, strict=True)))) < 2:
        return 1.0, 1.0
    right = accuracy(pairs)
    # Without labels' part in it the error is that of the accuracy (Fleiss et al., 1969).
    error = math.sqrt(max(right * (1 - right), 1 / rows) / rows) / (1 - chance)
    found = (right - chance) / (1 - chance)
    return found, found + float(ndtri(confidence)) * error


def binomial_lower_tail(right: int, rows: int, rate: float) -> float:
    """Return the binomial probability that so few or fewer of `rows` are right at a rate."""
    return float(bdtr(right, rows, rate)) if rows else 1.0


def minority_fractions(pairs: ClassPairs) -> tuple[float, float]:
    """Return the fractions of predictions, and of labels, that are not of the commonest class."""
    predicted: Counter[str] = Counter()
    true: Counter[str] = Counter()
    for (one, other), count in pairs.items():
        predicted[one] += count
        true[other] += count
    return 1 - max(predicted.values()) / predicted.total(), 1 - max(true.values()) / true.total()


def lost_class(before: ClassPairs, now: ClassPairs) -> str | None:
    """Return the class that was predicted at times and is not any more, though rows have it."""
    predicted = {one for (one, _), count in now.items() if count}
    true: Counter[str] = Counter()
    for (_, other), count in now.items():
        true[other] += count
    lost = [name for (name, _), count in before.items() if count and name not in predicted]
    return max(lost, key=lambda name: true[name]) if any(true[name] for name in lost) else None
