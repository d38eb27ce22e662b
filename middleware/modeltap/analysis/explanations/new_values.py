"""Descriptions of new values: a default that appears, a cap that no value exceeds."""

from __future__ import annotations

from collections import Counter

import numpy as np
from msgspec.structs import replace

from modeltap.analysis.counting.columns import Values
from modeltap.analysis.detectors.context import Context
from modeltap.analysis.detectors.drift import Drifted
from modeltap.analysis.detectors.quality import Grown
from modeltap.analysis.model.feature import Feature
from modeltap.analysis.model.metric import Evidence, Metric
from modeltap.analysis.statistics import hypothesis_tests
from modeltap.analysis.statistics.distances import ks
from modeltap.wording import number, percent, plural

_LIKELY = 0.05
"""A change of the other rows that chance alone makes in one of twenty windows is ignored."""

_MOSTLY = 0.5
"""If half of a bin's rows have one value, that value is new; the others were there before."""

_ALL = 0.9
"""Nearly all values out of range must be equal: there the other values are invalid, too."""

_AT_LEAST = 0.005
"""A cap that cuts off less than half a percent of the rows is not worth a mention."""

_MORE = 1.5
"""A cap only moves what it cuts off. A value that gained more than that is stuck, or a default."""


def with_number(
    evidence: Evidence | None, metric: Metric, context: Context, values: Values
) -> Evidence | None:
    """Return evidence with the one value of most rows in a new bin or out of range."""
    feature = context.reference.by_name.get(metric.feature or "")
    if feature is None or feature.kind != "numeric":
        return evidence
    column = values.column(feature)
    if column is None or not isinstance(evidence, Drifted | Grown):
        return evidence
    numbers, _ = values.numbers(feature, column)
    least = _MOSTLY if isinstance(evidence, Drifted) else _ALL
    value = _commonest(numbers[_concerned(evidence, metric, feature, numbers)], least)
    return evidence if value is None else replace(evidence, number=value)


def _concerned(
    evidence: Drifted | Grown, metric: Metric, feature: Feature, numbers: np.ndarray
) -> np.ndarray:
    """Return (n,) booleans that select the numbers that evidence is about."""
    places = np.searchsorted(np.array(feature.edges), numbers, side="right")
    if isinstance(evidence, Drifted):
        return np.asarray((places == evidence.place) & ~np.isnan(numbers))
    bounds = _bounds(metric.metric, feature)
    if bounds is None:
        return np.zeros(len(numbers), dtype=bool)
    return np.asarray((numbers < bounds[0]) | (numbers > bounds[1]))


def _bounds(metric: str, feature: Feature) -> tuple[float, float] | None:
    if metric == "outlier_rate":
        return feature.mad_bounds
    if metric != "out_of_range_rate":
        return None
    if feature.min is None and feature.max is None:
        return feature.low, feature.high
    low = -np.inf if feature.min is None else feature.min
    return low, np.inf if feature.max is None else feature.max


def _commonest(numbers: np.ndarray, least: float) -> float | None:
    """Return the most common number if at least this fraction of all are equal to it."""
    if not len(numbers):
        return None
    value, times = Counter(numbers.tolist()).most_common(1)[0]
    return float(value) if times >= max(2.0, least * len(numbers)) else None


def new_value(
    evidence: Drifted, feature: Feature, reference: np.ndarray, current: np.ndarray
) -> str | None:
    """Describe the new value, its fraction and the fraction before; None if no value is new.

    If the other rows moved further, the drift is of another kind.
    """
    place = evidence.place
    if place is None:
        return None
    if feature.kind != "numeric":
        return _new_category(feature, place, reference, current)
    return _cap(evidence, feature, reference, current) or _new_number(
        evidence, feature, reference, current
    )


def _new_category(
    feature: Feature, place: int, reference: np.ndarray, current: np.ndarray
) -> str | None:
    if place >= len(feature.vocabulary):
        return None
    return f"value {feature.vocabulary[place]!r} in {_fractions_of(place, reference, current)}"


def _new_number(
    evidence: Drifted, feature: Feature, reference: np.ndarray, current: np.ndarray
) -> str | None:
    place = evidence.place or 0
    if not _is_rest_unchanged(evidence, feature, reference, current, {place}):
        return None
    if evidence.number is not None:
        return f"value {exact(evidence.number)} in {_fractions_of(place, reference, current)}"
    if not 0 < place < len(feature.edges):
        return None
    low, high = feature.edges[place - 1], feature.edges[place]
    if high == np.nextafter(low, np.inf):
        return f"value {exact(low)} in {_fractions_of(place, reference, current)}"
    return (
        f"values from {number(low)} to {number(high)} in {_fractions_of(place, reference, current)}"
    )


def _cap(
    evidence: Drifted, feature: Feature, reference: np.ndarray, current: np.ndarray
) -> str | None:
    """Describe a limit that no value exceeds any longer, on one side."""
    place = evidence.place or 0
    gained = float(current[place] / current.sum() - reference[place] / reference.sum())
    is_only_value = evidence.number is not None and current[place] == current.sum()
    sides = (("above", slice(place + 1, None)), ("below", slice(None, place)))
    for side, beyond in sides:
        before = float(reference[beyond].sum() / reference.sum())
        cut = set(range(len(reference))[beyond]) | {place}
        unchanged = _is_rest_unchanged(evidence, feature, reference, current, cut)
        if before < _AT_LEAST or current[beyond].any() or not unchanged:
            continue
        if is_only_value or gained > _MORE * before:
            continue
        edge = feature.edges[min(place, len(feature.edges) - 1) if side == "above" else place - 1]
        limit = number(edge) if evidence.number is None else exact(evidence.number)
        return f"no value {side} {limit} in {_rows(current)}, {percent(before)} before"
    return None


def _is_rest_unchanged(
    evidence: Drifted, feature: Feature, reference: np.ndarray, current: np.ndarray, cut: set[int]
) -> bool:
    """Return whether the other bins kept their distribution, or moved less than a known value.

    Rows of another hour may all have moved slightly, which does not explain the drift.
    """
    kept = np.array([place not in cut for place in range(len(reference))])
    a, b = np.where(kept, reference, 0), np.where(kept, current, 0)
    if not a.any() or not b.any():
        return evidence.number is not None
    place = evidence.place or 0
    gain = float(current[place] / current.sum() - reference[place] / reference.sum())
    moved_less = evidence.number is not None and ks(a, b) < gain
    return moved_less or hypothesis_tests.p_value(a, b, feature) > _LIKELY


def _fractions_of(place: int, reference: np.ndarray, current: np.ndarray) -> str:
    before, after = float(reference[place] / reference.sum()), float(current[place] / current.sum())
    return f"{percent(after)} of {_rows(current)}, {percent(before) if before else 'none'} before"


def _rows(counts: np.ndarray) -> str:
    return plural(int(counts.sum()), "row")


def exact(value: float) -> str:
    """Format a value with all its digits, as it is in the rows."""
    return f"{value:.10g}"
