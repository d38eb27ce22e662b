"""New values in words: a default that appears, a cap beyond which there is nothing any more."""

from __future__ import annotations

from collections import Counter

import numpy as np
from msgspec.structs import replace

from modeltap.analysis.counting.columns import Values
from modeltap.analysis.detectors.context import Context
from modeltap.analysis.detectors.drift import Drifted
from modeltap.analysis.model.feature import Feature
from modeltap.analysis.model.metric import Evidence, Metric
from modeltap.analysis.statistics import hypothesis_tests
from modeltap.analysis.statistics.distances import ks
from modeltap.wording import number, percent

_LIKELY = 0.05
"""A movement of the other rows that chance alone makes once in twenty windows is none."""

_MOSTLY = 0.5
"""Where half of a bin's rows have one value, that is what is new; the others were there before."""

_AT_LEAST = 0.005
"""Less than half a point of rows beyond a cap is not worth its name."""


def with_number(
    evidence: Evidence | None, metric: Metric, context: Context, values: Values
) -> Evidence | None:
    """Return a drift's evidence with the one value that the rows in its new bin have."""
    feature = context.reference.by_name.get(metric.feature or "")
    if not isinstance(evidence, Drifted) or evidence.place is None or feature is None:
        return evidence
    column = values.column(feature)
    if feature.kind != "numeric" or column is None:
        return evidence
    numbers, _ = values.numbers(feature, column)
    places = np.searchsorted(np.array(feature.edges), numbers, side="right")
    found = numbers[(places == evidence.place) & ~np.isnan(numbers)].tolist()
    if not found:
        return evidence
    value, times = Counter(found).most_common(1)[0]
    return replace(evidence, number=value) if times >= _MOSTLY * len(found) else evidence


def new_value(evidence: Drifted, feature: Feature, then: np.ndarray, now: np.ndarray) -> str | None:
    """Say which value is new, in how many rows, and in how many it was; None where none is.

    Where the other rows moved as well, and further, it is another drift.
    """
    place = evidence.place
    if place is None:
        return None
    if feature.kind != "numeric":
        return _new_word(feature, place, then, now)
    return _cap(evidence, feature, then, now) or _new_number(evidence, feature, then, now)


def _new_word(feature: Feature, place: int, then: np.ndarray, now: np.ndarray) -> str | None:
    if place >= len(feature.vocabulary):
        return None
    return f"value {feature.vocabulary[place]!r} in {_shares(place, then, now)}"


def _new_number(
    evidence: Drifted, feature: Feature, then: np.ndarray, now: np.ndarray
) -> str | None:
    place = evidence.place or 0
    if not _rest_is_usual(evidence, feature, then, now, {place}):
        return None
    if evidence.number is not None:
        return f"value {_exact(evidence.number)} in {_shares(place, then, now)}"
    if not 0 < place < len(feature.edges):
        return None
    low, high = feature.edges[place - 1], feature.edges[place]
    if high == np.nextafter(low, np.inf):
        return f"value {_exact(low)} in {_shares(place, then, now)}"
    return f"values from {number(low)} to {number(high)} in {_shares(place, then, now)}"


def _cap(evidence: Drifted, feature: Feature, then: np.ndarray, now: np.ndarray) -> str | None:
    """Describe a value beyond which there is none any more, on one side."""
    place = evidence.place or 0
    sides = (("above", slice(place + 1, None)), ("below", slice(None, place)))
    for side, beyond in sides:
        before = float(then[beyond].sum() / then.sum())
        cut = set(range(len(then))[beyond]) | {place}
        usual = _rest_is_usual(evidence, feature, then, now, cut)
        if before < _AT_LEAST or now[beyond].any() or not usual:
            continue
        edge = feature.edges[min(place, len(feature.edges) - 1) if side == "above" else place - 1]
        limit = number(edge) if evidence.number is None else _exact(evidence.number)
        return f"no value {side} {limit}, {percent(before)} before"
    return None


def _rest_is_usual(
    evidence: Drifted, feature: Feature, then: np.ndarray, now: np.ndarray, cut: set[int]
) -> bool:
    """Say whether the other bins' rows are spread as they were, or moved less than a known value.

    At another hour all rows may have moved a little, which is not the story.
    """
    kept = np.array([place not in cut for place in range(len(then))])
    a, b = np.where(kept, then, 0), np.where(kept, now, 0)
    if not a.any() or not b.any():
        return evidence.number is not None
    place = evidence.place or 0
    gain = float(now[place] / now.sum() - then[place] / then.sum())
    moved_less = evidence.number is not None and ks(a, b) < gain
    return moved_less or hypothesis_tests.p_value(a, b, feature) > _LIKELY


def _shares(place: int, then: np.ndarray, now: np.ndarray) -> str:
    before, after = float(then[place] / then.sum()), float(now[place] / now.sum())
    return f"{percent(after)} of rows, {percent(before) if before else 'none'} before"


def _exact(value: float) -> str:
    return f"{value:.10g}"
