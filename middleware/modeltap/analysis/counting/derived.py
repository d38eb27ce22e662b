"""Measures of values without bins: a text's length and words, a vector's direction, an age."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
from msgspec.structs import replace

from modeltap import clock
from modeltap.analysis.inference.infer import MAX_VOCABULARY
from modeltap.analysis.model.binning import edges_of
from modeltap.analysis.model.feature import SPECIAL, Column, Feature, is_missing, plain
from modeltap.analysis.model.halves import halves
from modeltap.analysis.model.vectors import vector

_WORD = re.compile(r"\w+")
_MAX_TEXT = 10_000
"""Characters of a text that are read. It limits cost; a text's topic shows in its beginning."""

_MAX_WORDS = 10_000
"""Known words: it limits a reference's size to a hundred kilobytes."""

_MIN_WORD_DOCUMENTS = 2
"""A word that occurs in one text is a name or a typing error, and rarely occurs again."""

_NUMBERS = {
    "text": ("length", "out_of_vocabulary"),
    "vector": ("norm", "cosine_distance"),
    "datetime": ("age_seconds",),
}
"""The numeric measures, by a column's type."""


def words_of(text: str) -> list[str]:
    """Return the words of a text, in lower case.

    >>> words_of("Where is my REFUND?")
    ['where', 'is', 'my', 'refund']
    """
    return _WORD.findall(text[:_MAX_TEXT].lower())


def learn_measures(
    feature: Feature, column: Column, times: Sequence[float] | None
) -> tuple[Feature, list[Feature]]:
    """Return `feature` with its known words, and a feature for each of its measures.

    Args:
        times: (n,) Unix seconds, NaN where unknown; without them the age of a time is unknown.
    """
    measures = []
    if feature.kind == "text":
        feature = _with_vocabulary(feature, column)
        counts = (0,) * (1 + len(feature.vocabulary) + len(SPECIAL))
        measures.append(
            Feature(
                name=f"{feature.name}.words",
                kind="words",
                of=feature.name,
                measure="words",
                vocabulary=feature.vocabulary,
                counts=counts,
            )
        )
    for measure in _NUMBERS.get(feature.kind, ()):
        values = measured(measure, feature, column, times)
        if measure == "out_of_vocabulary":
            values = values[halves(len(values))[1]]  # the other half's words are all known
        values = values[np.isfinite(values)]
        edges = edges_of(values)
        if len(values):
            measures.append(
                Feature(
                    name=f"{feature.name}.{measure}",
                    kind="numeric",
                    of=feature.name,
                    measure=measure,
                    edges=edges,
                    low=float(values.min()),
                    high=float(values.max()),
                    center=float(np.median(values)),
                    counts=(0,) * (len(edges) + 1 + len(SPECIAL)),
                )
            )
    return feature, measures


def measured(
    measure: str, feature: Feature, column: Column, times: Sequence[float] | None
) -> np.ndarray:
    """Return (n,) float64 of a measure of `feature`'s column; NaN if there is no value."""
    result = np.full(len(column), np.nan)
    for position, value in enumerate(plain(column)):
        if is_missing(value) or value in feature.missing_values:
            continue
        number = _measure(measure, feature, value, times[position] if times is not None else None)
        if number is not None:
            result[position] = number
    return result


def _measure(measure: str, feature: Feature, value: Any, time: float | None) -> float | None:
    if measure == "age_seconds":
        then = clock.parse(value, feature.day_first)
        return None if then is None or time is None else time - then
    if measure in ("norm", "cosine_distance"):
        numbers = vector(value, len(feature.centroid))
        if numbers is None:
            return None
        norm = float(np.linalg.norm(numbers))
        if measure == "norm":
            return norm
        return 1.0 - float(numbers @ np.array(feature.centroid)) / norm if norm else 1.0
    if type(value) is not str:
        return None
    if measure == "length":
        return float(len(value))
    words = words_of(value)
    known = sum(word in feature.rare for word in words)
    return 1.0 - known / len(words) if words else 0.0


def count_documents(feature: Feature, column: Column, counted: np.ndarray) -> None:
    """Count the texts, and for each word of the vocabulary the texts that contain it."""
    places = {word: place for place, word in enumerate(feature.vocabulary, 1)}
    for value in plain(column):
        if type(value) is str:
            counted[0] += 1
            for word in set(words_of(value)) & places.keys():
                counted[places[word]] += 1


def _with_vocabulary(feature: Feature, column: Column) -> Feature:
    """Learn the words of half of the texts; the other half shows how many words are new."""
    documents: Counter[str] = Counter()
    listed = plain(column)
    for place in halves(len(listed))[0].tolist():
        if type(listed[place]) is str:
            # A set's order differs between processes.
            documents.update(dict.fromkeys(words_of(listed[place]), 1))
    ranked = [w for w, n in documents.most_common(_MAX_WORDS) if n >= _MIN_WORD_DOCUMENTS]
    return replace(
        feature, vocabulary=tuple(sorted(ranked[:MAX_VOCABULARY])), rare=frozenset(ranked)
    )
