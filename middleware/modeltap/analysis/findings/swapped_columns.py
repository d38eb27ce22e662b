"""Swapped columns: a pair whose values fit each other's reference better than their own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import combinations

import numpy as np

from modeltap.analysis.counting.bins import count_categories, count_numbers
from modeltap.analysis.counting.columns import Values
from modeltap.analysis.detectors import drift
from modeltap.analysis.model.feature import UNSEEN, Feature
from modeltap.analysis.model.metric import Evidence
from modeltap.decoding.row_tables import indexed

_FAR = 0.1
"""Columns closer to their own reference than this were not swapped."""

_BETTER = 3.0
"""The other's reference must be this many times closer than the column's own."""

_NEAR = 0.05
"""A distance of practically the same distribution: a sample of 2,000 rows, another hour."""

_TRIED = 20
"""Drifting columns that are tried in pairs: a bound on cost, 190 pairs."""


class Swapped(Evidence, frozen=True):
    """The two columns, in the order of the reference."""

    features: tuple[str, str]


def swapped(
    features: Sequence[Feature], counts: Sequence[np.ndarray], values: Values
) -> list[Swapped]:
    """Return the pairs of swapped columns; each column is in at most one pair.

    Args:
        features: columns with an alert.
        counts: (bins,) counts of each column in the reference, with the special bins.
        values: some of the window's rows.
    """
    known = list(zip(features, counts, strict=True))[:_TRIED]
    own = {feature.name: fit(feature, feature, reference, values) for feature, reference in known}
    gains = []
    for (a, counts_a), (b, counts_b) in combinations(known, 2):
        if _kind(a) != _kind(b) or min(own[a.name], own[b.name]) < _FAR:
            continue
        crossed = fit(a, b, counts_b, values), fit(b, a, counts_a, values)
        nearest = min(own[a.name], own[b.name])
        if max(crossed) <= max(_NEAR, nearest / _BETTER):
            gains.append((nearest - max(crossed), (a.name, b.name)))
    return list(_disjoint(pair for _, pair in sorted(gains, reverse=True)))


def fit(source: Feature, target: Feature, reference: np.ndarray, values: Values) -> float:
    """Return the distance of one column's values from another's reference, from 0 to 1."""
    column = values.column(source)
    if column is None:
        return 1.0
    counted = np.zeros(len(target.counts), dtype=np.int64)
    if target.kind == "numeric":
        numbers, wrong = values.numbers(source, column)
        count_numbers(numbers, wrong, target, counted)
    else:
        categories, places = indexed(values.categories(source, column))
        times = np.bincount(places, minlength=len(categories)).tolist()
        count_categories(categories, times, target, counted)
    return distance(target, reference, counted)


def distance(feature: Feature, reference: np.ndarray, current: np.ndarray) -> float:
    """Return the distance of (bins,) counts; unseen categories have the largest distance, 1."""
    inner = slice(feature.bins)
    typed = int(current[inner].sum() + current[UNSEEN])
    if not typed or not current[inner].sum():
        return 1.0
    known = float(current[inner].sum()) / typed
    return 1 - known + known * drift.distance(feature, reference[inner], current[inner])


def _kind(feature: Feature) -> str:
    return "numeric" if feature.kind == "numeric" else "words"


def _disjoint(pairs: Iterable[tuple[str, str]]) -> Iterable[Swapped]:
    taken: set[str] = set()
    for pair in pairs:
        if taken.isdisjoint(pair):
            taken.update(pair)
            yield Swapped(pair)
