"""Confusion matrices: accuracy, the macro F1 score, and agreement beyond chance."""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import scipy

from modeltap.analysis.model.baseline import is_unknown
from modeltap.analysis.model.moments import moments
from modeltap.analysis.statistics.hypothesis_tests import upper_tail

ClassPairs = Mapping[tuple[str, str], int]
"""The number of rows of each pair of predicted and true class."""

_DRAWS = 9_999
"""Permutations: the smallest p-value is .0001, a fifth of the level."""

_WHOLE = re.compile(r"-?(0|[1-9]\d{0,14})\.0+")
"""A decimal text of a whole number; beyond fifteen digits a float is not exact."""

_SEED = 20_171
"""A fixed seed, so that repeated evaluations of the same rows have equal p-values."""


def class_pairs(predictions: Sequence[Any], labels: Sequence[Any]) -> Counter[tuple[str, str]]:
    """Count the rows of each pair of predicted and true class that are both known."""
    return Counter((class_name(p), class_name(label)) for p, label in _known(predictions, labels))


def _known(predictions: Sequence[Any], labels: Sequence[Any]) -> list[tuple[Any, Any]]:
    pairs = zip(predictions, labels, strict=True)
    return [(p, label) for p, label in pairs if not (is_unknown(p) or is_unknown(label))]


def class_name(value: Any) -> str:
    """Return the name of a class, the same for all its spellings: 1, 1.0, "1.0"; true, True.

    Codes with leading zeros are texts: "007" is not 7.

    A list of texts is a set of labels.

    >>> [class_name(value) for value in (1.0, "1.0", " 1", True, "True", "007")]
    ['1', '1', '1', 'true', 'true', '007']
    >>> class_name('["b", "a"]'), class_name('["a","b"]')
    ('["a","b"]', '["a","b"]')
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    text = str(value).strip()
    if text.startswith("["):
        return _set_name(text)
    if text.endswith("0") and _WHOLE.fullmatch(text):
        return str(int(float(text)))
    return text.lower() if text in ("True", "False", "TRUE", "FALSE") else text


def class_names(values: Sequence[Any]) -> list[str]:
    """Return the name of the class of each value; each distinct value is converted once.

    >>> class_names([1, True, 1.0, "1"])
    ['1', 'true', '1', '1']
    """
    if len(set(map(type, values))) > 1:  # 1, 1.0 and True are equal, but not their names
        return _names_by_type(values)
    try:
        names = {value: class_name(value) for value in set(values)}
    except TypeError:  # a list or an object
        return list(map(class_name, values))
    return list(map(names.__getitem__, values))


def _names_by_type(values: Sequence[Any]) -> list[str]:
    typed = list(zip(map(type, values), values, strict=True))
    try:
        names = {key: class_name(key[1]) for key in set(typed)}
    except TypeError:
        return list(map(class_name, values))
    return list(map(names.__getitem__, typed))


def _set_name(text: str) -> str:
    """Return the name of a set of labels, the same in any order; other texts are unchanged.

    A set of one label has the name of the label, as responses with one write it in both ways.
    """
    labels = _labels_in(text)
    if labels is None:
        return text
    if len(set(labels)) == 1:
        return str(labels[0])
    return json.dumps(sorted(set(labels)), separators=(",", ":"))


@lru_cache(maxsize=4096)
def members(name: str) -> frozenset[str]:
    """Return the labels of a set of them, by its name; a class alone has itself.

    >>> sorted(members('["a","b"]')), sorted(members("a")), sorted(members("[]"))
    (['a', 'b'], ['a'], [])
    """
    labels = _labels_in(name) if name.startswith("[") else None
    return frozenset((name,) if labels is None else labels)


def _labels_in(text: str) -> list[str] | None:
    """Return the texts in a JSON list; None if it is something else."""
    try:
        labels = json.loads(text)
    except ValueError:
        return None
    is_set = isinstance(labels, list) and all(type(label) is str for label in labels)
    return labels if is_set else None


def accuracy(pairs: ClassPairs) -> float:
    """Return the fraction of rows with a correct prediction; 0 if there are no rows."""
    rows = sum(pairs.values())
    right = sum(count for (predicted, true), count in pairs.items() if predicted == true)
    return right / rows if rows else 0.0


def f1_macro(pairs: ClassPairs) -> float:
    """Return the mean of ``2 tp / (2 tp + fp + fn)`` over classes, all weighted equally.

    Over labels, if classes are sets of labels.

    >>> round(f1_macro({("no", "no"): 95, ("no", "yes"): 5}), 3)
    0.487
    """
    hits: Counter[str] = Counter()
    occurrences: Counter[str] = Counter()
    for (predicted, true), count in pairs.items():
        for name in members(predicted):
            occurrences[name] += count
        for name in members(true):
            occurrences[name] += count
            hits[name] += count * (name in members(predicted))
    scores = [2 * hits[name] / count for name, count in occurrences.items() if count]
    return sum(scores) / len(scores) if scores else 0.0


def f1_fell(reference: ClassPairs, current: ClassPairs) -> float:
    """Return the one-sided p-value that macro F1 has not fallen, by permutation (Fisher, 1935).

    Under the null hypothesis both are draws from their union, so a window's counts are multivariate
    hypergeometric. As ``(1 + draws at least as extreme) / (1 + draws)`` the p-value is valid for
    any number of draws (Phipson & Smyth, 2010). If no draw is as extreme, it is extrapolated by the
    gamma distribution with the first three moments of the draws; no verdict depends on it then.
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
    extreme = int(np.count_nonzero(falls >= fall - 1e-12))
    p = (1 + extreme) / (1 + _DRAWS)
    return p if extreme else min(p, _beyond(falls, float(fall[0])))


def _beyond(draws: np.ndarray, value: float) -> float:
    own = moments(draws)
    if not own.second > 0:
        return 1.0
    spread = math.sqrt(own.second)
    return max(1e-300, upper_tail((value - own.mean) / spread, own.third / spread**3))


class _Scores:
    """Macro F1 of many tables at once, all with the same cells."""

    def __init__(self, cells: Iterable[tuple[str, str]]) -> None:
        known = list(cells)
        sets = [(members(p), members(t)) for p, t in known]
        names = sorted({name for pair in sets for own in pair for name in own})
        self._hits = np.array([[name in p & t for name in names] for p, t in sets], dtype=float)
        self._named = np.array([[(name in p) + (name in t) for name in names] for p, t in sets])

    def of(self, counts: np.ndarray) -> np.ndarray:
        """Return the (draws,) scores of (draws, cells) counts."""
        named = counts @ self._named
        scores = 2 * (counts @ self._hits) / np.maximum(named, 1)
        means: np.ndarray = scores.sum(axis=1) / np.maximum((named > 0).sum(axis=1), 1)
        return means


def _class_rows(pairs: ClassPairs) -> tuple[Counter[str], Counter[str]]:
    """Return the rows of each predicted class, and of each true class."""
    predicted: Counter[str] = Counter()
    true: Counter[str] = Counter()
    for (prediction, label), count in pairs.items():
        predicted[prediction] += count
        true[label] += count
    return predicted, true


def guessed(pairs: ClassPairs) -> float:
    """Return the accuracy of predictions that are independent of the labels (Cohen, 1960).

    >>> guessed({("a", "a"): 25, ("a", "b"): 25, ("b", "a"): 25, ("b", "b"): 25})
    0.5
    """
    rows = sum(pairs.values())
    predicted, true = _class_rows(pairs)
    return sum(predicted[name] * true[name] for name in true) / rows**2 if rows else 0.0


def kappa(pairs: ClassPairs, confidence: float = 0.99) -> tuple[float, float]:
    """Return Cohen's kappa, and the upper end of its one-sided interval.

    Kappa is 1 for perfect predictions, 0 for guessing, and negative for worse ones. If predictions
    or labels are of a single class, both values are 1, because there is nothing to guess.
    """
    rows, chance = sum(pairs.values()), guessed(pairs)
    if not rows or chance >= 1 or min(map(len, map(set, zip(*pairs, strict=True)))) < 2:
        return 1.0, 1.0
    right = accuracy(pairs)
    # With chance agreement taken as known, the error is that of the accuracy (Fleiss et al., 1969).
    error = math.sqrt(max(right * (1 - right), 1 / rows) / rows) / (1 - chance)
    value = (right - chance) / (1 - chance)
    return value, value + float(scipy.special.ndtri(confidence)) * error


def binomial_lower_tail(right: int, rows: int, rate: float) -> float:
    """Return the binomial probability that at most `right` of `rows` are correct at a rate."""
    return float(scipy.special.bdtr(right, rows, rate)) if rows else 1.0


def minority_fractions(pairs: ClassPairs) -> tuple[float, float]:
    """Return the fractions of predictions and of labels outside their most common class."""
    predicted, true = _class_rows(pairs)
    return 1 - max(predicted.values()) / predicted.total(), 1 - max(true.values()) / true.total()


def lost_class(before: ClassPairs, now: ClassPairs) -> str | None:
    """Return the most common class that is no longer predicted, although rows have it."""
    predicted, true = _class_rows(now)
    lost = [name for (name, _), count in before.items() if count and not predicted[name]]
    return max(lost, key=lambda name: true[name]) if any(true[name] for name in lost) else None
