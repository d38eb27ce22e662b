"""Renamed categories: an old name that disappeared, and a new one as frequent as it was."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from difflib import SequenceMatcher

import numpy as np

from modeltap.analysis.counting.columns import Values
from modeltap.analysis.model.feature import UNSEEN, Feature, as_category
from modeltap.analysis.model.metric import Evidence
from modeltap.analysis.statistics.confusion import binomial_lower_tail

_AT_LEAST = 0.01
"""The fraction of rows of a category whose new name is worth an alert."""

_BY_CHANCE = 1e-4
"""The largest chance that a category has so few rows without a change, for all categories of the
column together: the rarest of them are often missing from a small window."""

_GONE = 0.1
"""A category with a tenth of its rows or less has disappeared: some rows precede the change."""

_LIKE = 1.5
"""The new fraction is between 2/3 and 3/2 of the old one, because fractions vary."""

_DEVIATIONS = 3.0
"""Sampling error allowed in addition for a fraction of few rows, in standard deviations."""


class Renamed(Evidence, frozen=True):
    """A category's old and new name, its fraction of rows, and the number of others renamed."""

    old: str
    new: str
    fraction: float
    others: int = 0


def renamed(
    feature: Feature, reference: np.ndarray, current: np.ndarray, values: Values
) -> Renamed | None:
    """Return the most frequent category that was renamed; None if none was.

    Args:
        reference: (bins,) counts of the reference, with the special bins.
        current: (bins,) counts of the window.
        values: some of the window's rows, which have the names of unseen categories.
    """
    column = values.column(feature)
    if feature.kind != "categorical" or column is None:
        return None
    before, after = _fractions(feature, reference), _fractions(feature, current)
    frequencies = Counter(
        as_category(value) for value in values.categories(feature, column) if type(value) is str
    )
    rows = sum(frequencies.values())
    if not rows:  # of a large window, the sampled rows may all be missing
        return None
    new = {
        name: count / rows
        for name, count in frequencies.items()
        if before.get(name, 0.0) <= _GONE * count / rows
    }
    typed = _typed(feature, current)
    pairs = []
    for old in sorted(before, key=lambda name: -before[name]):
        if before[old] < _AT_LEAST or after[old] > _GONE * before[old]:
            continue
        chance = binomial_lower_tail(round(after[old] * typed), typed, before[old])
        if chance <= _BY_CHANCE / len(before):
            name = _successor(old, before[old], new, rows)
            if name is not None:
                pairs.append((old, name, new.pop(name)))
    return Renamed(*pairs[0], others=len(pairs) - 1) if pairs else None


def _fractions(feature: Feature, counts: np.ndarray) -> dict[str, float]:
    """Return each category's fraction of the rows of the right type."""
    known = counts[: len(feature.vocabulary)] / _typed(feature, counts)
    return dict(zip(feature.vocabulary, known.tolist(), strict=True))


def _typed(feature: Feature, counts: np.ndarray) -> int:
    """Return the number of rows of the right type, at least 1."""
    return max(1, int(counts[: feature.bins].sum() + counts[UNSEEN]))


def _successor(old: str, fraction: float, new: Mapping[str, float], rows: int) -> str | None:
    """Return the new category about as frequent as the old; of several, the most similar name."""
    slack = _DEVIATIONS * float(np.sqrt(fraction * (1 - fraction) / rows))
    low, high = fraction / _LIKE - slack, fraction * _LIKE + slack
    fitting = [name for name, own in new.items() if low < own < high]

    def likeness(name: str) -> tuple[float, float]:
        alike = SequenceMatcher(None, old.casefold(), name.casefold()).ratio()
        return alike, -abs(new[name] - fraction)

    return max(fitting, key=likeness, default=None)
