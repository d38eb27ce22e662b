"""Removal of values from a feature: rename categories, move edges and bounds outwards."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Collection
from dataclasses import dataclass

from msgspec.structs import replace

from modeltap.analysis.model.feature import Feature
from modeltap.erasing.blurring import moved, outside
from modeltap.erasing.erased_rows import OwnValues
from modeltap.value_forms import ERASED, ValueForms


@dataclass(frozen=True)
class Erased:
    """The values to erase from one column: the named ones, and those that only erased rows have."""

    named: tuple[ValueForms, ...] = ()
    own: OwnValues | None = None

    def has_word(self, word: str, rows: int | None = None) -> bool:
        """Return True if a word has to be erased.

        Args:
            rows: the number of the reference's rows that have the word. If it exceeds the number
                of erased rows with the word, other rows have it, too, and the word stays.
        """
        if any(forms.equals(word) for forms in self.named):
            return True
        own = self.own.words[word] if self.own is not None and word in self.own.words else 0
        return own > 0 and (rows is None or rows <= own)

    def has_number(self, value: float) -> bool:
        """Return True if a number has to be erased."""
        if self.own is not None and value in self.own.numbers:
            return True
        return any(forms.equals(value) for forms in self.named)


def without_values(feature: Feature, erased: Erased) -> Feature:
    """Return `feature` without these values; the number of bins and their counts stay.

    >>> feature = Feature(
    ...     name="user", kind="categorical", vocabulary=("ann", "bob"), counts=(5, 4, 0, 0, 0, 0)
    ... )
    >>> without_values(feature, Erased((ValueForms("ann"),))).vocabulary
    ('[erased]', 'bob')
    """
    if feature.kind in ("categorical", "text", "words"):
        return _without_words(feature, erased)
    if feature.kind == "numeric" and feature.of is None:
        return _without_numbers(feature, erased)
    return feature


def _without_words(feature: Feature, erased: Erased) -> Feature:
    # The counts of words follow the number of texts; a text itself has no counts.
    first = 1 if feature.kind == "words" else 0
    counts = feature.counts[first:] if feature.kind != "text" else ()
    vocabulary: list[str] = []
    for place, word in enumerate(feature.vocabulary):
        rows = counts[place] if counts else None
        replaced = erased.has_word(word, rows)
        vocabulary.append(_new_name([*feature.vocabulary, *vocabulary]) if replaced else word)
    return replace(
        feature,
        vocabulary=tuple(vocabulary),
        rare=frozenset(word for word in feature.rare if not erased.has_word(word)),
        allowed=feature.allowed and frozenset(w for w in feature.allowed if not _named(erased, w)),
    )


def _named(erased: Erased, word: str) -> bool:
    return any(forms.equals(word) for forms in erased.named)


def _new_name(taken: Collection[str]) -> str:
    """Return a name that no category has."""
    number, name = 1, ERASED
    while name in taken:
        number += 1
        name = f"{ERASED[:-1]} {number}]"
    return name


def _without_numbers(feature: Feature, erased: Erased) -> Feature:
    # Declared bounds are configuration, not a person's values, and have to stay exact.
    fixed = {feature.min, None if feature.max is None else _after(feature.max)}
    edges = _Edges(feature.edges, fixed)
    ends = (feature.low, feature.high)
    for value in sorted({*feature.edges, *map(_before, feature.edges), *ends}):
        if erased.has_number(value):
            edges.move(value)
    if any(map(erased.has_number, ends)):
        edges.blur_beyond(*ends)
    center, sentinel = feature.center, feature.sentinel
    return replace(
        feature,
        edges=tuple(edges.values),
        low=edges.lower(feature.low, erased),
        high=edges.upper(feature.high, erased),
        center=outside(center, math.inf) if erased.has_number(center) else center,
        sentinel=None if sentinel is not None and erased.has_number(sentinel) else sentinel,
        mad_bounds=edges.bounds(feature.mad_bounds, erased),
        tukey_fences=edges.bounds(feature.tukey_fences, erased),
    )


class _Edges:
    """Edges of bins that move but stay in order.

    The bin of an erased value becomes slightly wider on both sides, so that it keeps its rows.
    """

    def __init__(self, edges: Collection[float], fixed: Collection[float | None]) -> None:
        self.values = list(edges)
        self._fixed = fixed
        self._new: dict[float, float] = {}

    def move(self, value: float) -> None:
        """Move the edges at which `value` begins a bin or ends one."""
        after = _after(value)
        if (place := self._place(after)) is not None:
            above = self.values[place + 1] if place + 1 < len(self.values) else math.inf
            self._put(place, above)
        if (place := self._place(value)) is not None:
            self._put(place, self.values[place - 1] if place else -math.inf)

    def blur_beyond(self, low: float, high: float) -> None:
        """Move the edges beyond both ends: they are multiples of the range and would reveal it."""
        for place in range(bisect_left(self.values, self._new.get(low, low))):
            self._put(place, self.values[place - 1] if place else -math.inf)
        end = self._new.get(_after(high), _after(high))
        for place in reversed(range(bisect_right(self.values, end), len(self.values))):
            last = place + 1 == len(self.values)
            self._put(place, math.inf if last else self.values[place + 1])

    def lower(self, value: float, erased: Erased) -> float:
        """Return the new position of a lower bound, which may be an edge."""
        if value in self._new:
            return self._new[value]
        return outside(value, -math.inf) if erased.has_number(value) else value

    def upper(self, value: float, erased: Erased) -> float:
        """Return the new position of an upper bound; the next float may be an edge."""
        if (end := self._new.get(_after(value))) is not None:
            return _before(end)
        return outside(value, math.inf) if erased.has_number(value) else value

    def bounds(
        self, pair: tuple[float, float] | None, erased: Erased
    ) -> tuple[float, float] | None:
        """Return the new positions of two bounds."""
        return pair and (self.lower(pair[0], erased), self.upper(pair[1], erased))

    def _place(self, value: float) -> int | None:
        place = bisect_left(self.values, value)
        return place if place < len(self.values) and self.values[place] == value else None

    def _put(self, place: int, neighbour: float) -> None:
        old = self.values[place]
        new = None if old in self._fixed else moved(old, neighbour)
        if new is not None:
            self.values[place] = self._new[old] = new


def _after(value: float) -> float:
    return math.nextafter(value, math.inf)


def _before(value: float) -> float:
    return math.nextafter(value, -math.inf)
