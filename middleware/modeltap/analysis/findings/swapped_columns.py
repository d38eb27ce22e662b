"""Swapped columns: two whose values fit the other's reference far better than their own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import combinations

import numpy as np

from modeltap.analysis.counting.bins import count_numbers, count_words, indexed
from modeltap.analysis.counting.columns import Values
from modeltap.analysis.detectors import drift
from modeltap.analysis.model.feature import UNSEEN, Feature
from modeltap.analysis.model.metric import Evidence

_FAR = 0.1
"""Columns nearer to their own reference did not lose their values to another one."""

_BETTER = 3.0
"""The other's reference has to be so many times nearer than the column's own."""

_NEAR = 0.05
"""The distance of as good as the same distribution: a sample of 2,000 rows, another hour."""

_TRIED = 20
"""Columns that drift at once and are tried with each other: a bound on cost, 190 pairs."""


class Swapped(Evidence, frozen=True):
    """The two columns, in the reference's order."""

    features: tuple[str, str]


def swapped(
    features: Sequence[Feature], counts: Sequence[np.ndarray], values: Values
) -> list[Swapped]:
    """Return the pairs of columns that are swapped, each column in one pair at most.

    Args:
        features: columns with an alert.
        counts: (bins,) of each in the reference, the special bins included.
        values: some of the window's rows.
    """
    known = list(zip(features, counts, strict=True))[:_TRIED]
    own = {feature.name: fit(feature, feature, then, values) for feature, then in known}
    gains = []
    for (a, then_a), (b, then_b) in combinations(known, 2):
        if _kind(a) != _kind(b) or min(own[a.name], own[b.name]) < _FAR:
            continue
        crossed = fit(a, b, then_b, values), fit(b, a, then_a, values)
        nearest = min(own[a.name], own[b.name])
        if max(crossed) <= max(_NEAR, nearest / _BETTER):
            gains.append((nearest - max(crossed), (a.name, b.name)))
    return list(_apart(pair for _, pair in sorted(gains, reverse=True)))


def fit(source: Feature, target: Feature, then: np.ndarray, values: Values) -> float:
    """Return how far the values of one column lie from the reference of another: 0 to 1."""
    column = values.column(source)
    if column is None:
        return 1.0
    counted = np.zeros(len(target.counts), dtype=np.int64)
    if target.kind == "numeric":
        numbers, wrong = values.numbers(source, column)
        count_numbers(numbers, wrong, target, counted)
    else:
        words, places = indexed(values.words(source, column))
        count_words(words, np.bincount(places).tolist(), target, counted)
    return distance(target, then, counted)


def distance(feature: Feature, then: np.ndarray, now: np.ndarray) -> float:
    """Return the distance of (bins,) counts, unseen words as far away as they can be."""
    inner = slice(feature.bins)
    typed = int(now[inner].sum() + now[UNSEEN])
    if not typed or not now[inner].sum():
        return 1.0
    known = float(now[inner].sum()) / typed
    return 1 - known + known * drift.distance(feature, then[inner], now[inner])


def _kind(feature: Feature) -> str:
    return "numeric" if feature.kind == "numeric" else "words"


def _apart(pairs: Iterable[tuple[str, str]]) -> Iterable[Swapped]:
    taken: set[str] = set()
    for pair in pairs:
        if taken.isdisjoint(pair):
            taken.update(pair)
            yield Swapped(pair)
