"""Renamed categories: a word that nearly no row has any more, and a new one with its share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from difflib import SequenceMatcher

import numpy as np

from modeltap.analysis.counting.columns import Values
from modeltap.analysis.model.feature import UNSEEN, Feature, word
from modeltap.analysis.model.metric import Evidence

_AT_LEAST = 0.01
"""Of a rarer word chance alone may leave none in a window."""

_GONE = 0.1
"""A word with a tenth of its rows, or less, is gone: in the window of the change some are left."""

_LIKE = 1.5
"""The new word has between two thirds of the old one's share and half more: shares move."""

_DEVIATIONS = 3.0
"""And what chance adds to or takes from a share of few rows, in standard deviations."""


class Renamed(Evidence, frozen=True):
    """The old and the new name of a category, its share now, and how many others were renamed."""

    old: str
    new: str
    fraction: float
    others: int = 0


def renamed(feature: Feature, then: np.ndarray, now: np.ndarray, values: Values) -> Renamed | None:
    """Return the category with most rows that has another name now; None where none has.

    Args:
        then: (bins,) counts of the reference, the special ones included.
        now: those of the window.
        values: some of its rows, which know the names of unseen words.
    """
    column = values.column(feature)
    if feature.kind != "categorical" or column is None:
        return None
    before, after = _fractions(feature, then), _fractions(feature, now)
    came = Counter(word(value) for value in values.words(feature, column) if type(value) is str)
    rows = sum(came.values())
    new = {
        name: count / rows
        for name, count in came.items()
        if before.get(name, 0.0) <= _GONE * count / rows
    }
    pairs = []
    for old in sorted(before, key=lambda name: -before[name]):
        if before[old] >= _AT_LEAST and after[old] <= _GONE * before[old]:
            name = _successor(old, before[old], new, rows)
            if name is not None:
                pairs.append((old, name, new.pop(name)))
    return Renamed(*pairs[0], others=len(pairs) - 1) if pairs else None


def _fractions(feature: Feature, counts: np.ndarray) -> dict[str, float]:
    """Return by word the fraction of the rows of the right type."""
    typed = max(1, int(counts[: feature.bins].sum() + counts[UNSEEN]))
    known = counts[: len(feature.vocabulary)] / typed
    return dict(zip(feature.vocabulary, known.tolist(), strict=True))


def _successor(old: str, share: float, new: Mapping[str, float], rows: int) -> str | None:
    """Return the new word with about the old one's share; of several the one most like it."""
    slack = _DEVIATIONS * float(np.sqrt(share * (1 - share) / rows))
    fitting = [
        name for name, own in new.items() if share / _LIKE - slack < own < share * _LIKE + slack
    ]

    def likeness(name: str) -> tuple[float, float]:
        alike = SequenceMatcher(None, old.casefold(), name.casefold()).ratio()
        return alike, -abs(new[name] - share)

    return max(fitting, key=likeness, default=None)
