"""Inference of a feature from the reference's values: its type and its bins."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from operator import ne
from typing import Any

import numpy as np
from msgspec.structs import replace

from modeltap.analysis.inference.column_types import counted, type_of
from modeltap.analysis.inference.epochs import is_named_time
from modeltap.analysis.model.binning import MIN_FRACTION, coarse_bins, edges_of
from modeltap.analysis.model.feature import (
    BOOLEANS,
    SPECIAL,
    Column,
    Feature,
    code,
    is_missing,
    plain,
)
from modeltap.analysis.model.halves import halves
from modeltap.analysis.model.vectors import mean_direction
from modeltap.config.settings import FeatureSettings
from modeltap.number_texts import Style, number_of
from modeltap.privacy.marks import MASK

MAX_VOCABULARY = 200
"""Categories with a bin of their own: 1.6 KB of counts per window, and a test for each."""

_MAX_RARE = 49 * MAX_VOCABULARY
"""Rare categories that are known by name: at most a few hundred kilobytes of a reference."""

_MIN_HALVED = 200
"""With fewer rows, half of them would not be worth a comparison."""

_FEW_NEW = 0.0025
"""Words that occur once, as a fraction of all rows.

It estimates how often the next row's word is new (Good, 1953). A smaller fraction has no visible
effect on drift or on the rate of unseen words, whose floor it is.
"""

_NEAR_SPREADS = 3.0
"""Within this distance of a coarse bin's limit, chance decides on which side a word falls."""

_FEW_NEAR = 2
"""Two words near that limit change the others by a hundredth of a deviation of their sum."""

OUTLIER = 3.5
"""Robust z-scores beyond it are outliers (Iglewicz & Hoaglin, 1993)."""

MAD_TO_DEVIATION = 1.4826
"""The standard deviation of a normal distribution, in its median absolute deviations."""

MIDDLE_HALF = 1.349
"""The interquartile range of a normal distribution, in standard deviations."""

_TUKEY = 1.5
"""Tukey's fences (1977) lie this many interquartile ranges beyond the quartiles."""

_SENTINEL_FRACTION = 0.005
"""A code for a missing value occurs in more than a stray row in a few hundred."""

_SENTINEL_SPREADS = 5.0
"""A gap to the next value that the ends of common distributions do not have."""

_EMPTY = (0,) * len(SPECIAL)

_WORDS = (str, bool, int, float)
"""The types of values that can be categories."""

_SCALARS = {*_WORDS, type(None)}
"""The types of values that are compared one with another without surprises."""


def infer(name: str, column: Column, declared: FeatureSettings | None = None) -> Feature:
    """Return the feature of a column of the reference, with empty counts.

    Args:
        column: (n,) values; None and NaN are missing.
        declared: its settings, which override the values.

    >>> infer("x", [1.0, 2.5, None]).kind, infer("c", ["a", "b", "a"]).kind
    ('numeric', 'categorical')
    >>> infer("e", [[0.1, 0.2], [0.3, 0.4]]).kind, infer("b", ["True", "False"]).kind
    ('vector', 'boolean')
    """
    declared = declared or FeatureSettings()
    facts: dict[str, Any] = {
        "min": declared.min,
        "max": declared.max,
        "required": declared.required,
        "allowed": None if declared.allowed is None else frozenset(map(code, declared.allowed)),
        "missing_values": _missing_values(column, declared),
        "whole": declared.type in ("categorical", "boolean"),
    }
    is_float = isinstance(column, np.ndarray) and column.dtype.kind == "f"
    if is_float and declared.type in (None, "numeric") and not is_named_time(name):
        numbers = np.asarray(column, dtype=np.float64)
        codes = [value for value in facts["missing_values"] if isinstance(value, (int, float))]
        numbers = numbers[np.isfinite(numbers) & ~np.isin(numbers, codes)]
        return _numeric(name, numbers, facts)
    values = _present(column, facts)
    inferred = type_of(name, values, declared.type)
    facts |= {"whole": facts["whole"] or inferred.whole, "texts": inferred.texts or ""}
    facts |= {"text_rate": inferred.text_rate, "day_first": inferred.day_first}
    if inferred.kind == "numeric":
        return _numeric(name, _numbers(values, inferred.texts), facts)
    if inferred.kind == "categorical":
        words = counted(values, _WORDS)
        if not (halved := _chosen_by_chance(words)):
            return _categorical(name, words, facts)
        listed = plain(column)
        first = [listed[place] for place in halves(len(listed))[0].tolist()]
        return _categorical(
            name, counted(_present(first, facts), _WORDS), {**facts, "halved": halved}
        )
    if inferred.kind == "boolean":
        empty = (0,) * (len(BOOLEANS) + 1) + _EMPTY
        return Feature(name=name, kind="boolean", vocabulary=BOOLEANS, counts=empty, **facts)
    centroid = mean_direction(values) if inferred.kind == "vector" else ()
    return Feature(name=name, kind=inferred.kind, centroid=centroid, counts=(0, *_EMPTY), **facts)


def for_untyped_file(feature: Feature) -> Feature:
    """Return a feature that accepts digits as texts and as numbers, for untyped files.

    >>> for_untyped_file(infer("x", [1.5, 2.5])).texts
    'point'
    """
    if feature.kind == "numeric":
        return replace(feature, texts=feature.texts or "point")
    return replace(feature, whole=True) if feature.kind == "categorical" else feature


def _missing_values(column: Column, declared: FeatureSettings) -> tuple[Any, ...]:
    """Return the codes for missing values, each as a number and as a text, and the mask.

    Values that were masked before they were stored count as missing.
    """
    codes: list[Any] = []
    for value in declared.missing_values or ():
        number = number_of(value) if isinstance(value, str) else value
        codes += [value, number if isinstance(value, str) else str(value)]
        if isinstance(number, float) and number.is_integer():
            codes.append(str(int(number)))
    if not isinstance(column, np.ndarray) and _is_masked(column):
        codes.append(MASK)
    return tuple(value for value in codes if value is not None)


def _is_masked(column: Sequence[Any]) -> bool:
    """Return whether a value of the column is the mask."""
    kinds = set(map(type, column))
    if kinds <= _SCALARS:
        return str in kinds and MASK in column
    return any(type(value) is str and value == MASK for value in column)


def _present(column: Column, facts: dict[str, Any]) -> Sequence[Any]:
    """Return the values of a column that are not missing."""
    codes, listed = facts["missing_values"], plain(column)
    kinds = set(map(type, listed))
    # Of these types, only NaN differs from itself.
    has_nan = kinds <= _SCALARS and float in kinds and any(map(ne, listed, listed))
    if kinds <= set(_WORDS) and not has_nan and not codes:
        return listed
    return [v for v in listed if not is_missing(v) and v not in codes]


def _numbers(values: Sequence[Any], style: Style | None) -> np.ndarray:
    """Return the finite numbers of a column, including those sent as text in its style."""
    if set(map(type, values)) <= {int, float}:
        try:
            result = np.array(values, dtype=np.float64)
            return result[np.isfinite(result)]
        except OverflowError:
            pass  # an integer beyond 1.8e308
    numbers = []
    for value in values:
        number = number_of(value, style) if style and type(value) is str else value
        if isinstance(number, (int, float)) and not isinstance(number, bool):
            try:
                numbers.append(float(number))
            except OverflowError:
                continue
    result = np.array(numbers, dtype=np.float64)
    return result[np.isfinite(result)]


def _numeric(name: str, values: np.ndarray, declared: dict[str, Any]) -> Feature:
    facts: dict[str, Any] = {}
    if len(values):
        first, center, third = np.quantile(values, [0.25, 0.5, 0.75]).tolist()
        with np.errstate(over="ignore"):
            spread = (
                MAD_TO_DEVIATION * float(np.median(np.abs(values - center)))
                or (third - first) / MIDDLE_HALF
            )
            facts = {
                "low": float(values.min()),
                "high": float(values.max()),
                "center": center,
                "spread": min(spread, float(np.finfo(np.float64).max)),
            }
            if spread > 0:
                facts["mad_bounds"] = _finite_pair(center, OUTLIER * spread)
            if third > first:
                width = _TUKEY * (third - first)
                facts["tukey_fences"] = (_finite(first - width), _finite(third + width))
        facts["sentinel"] = _sentinel(values, center, spread)
    bounds = [b for b in (declared["min"], *_firsts(facts)) if b is not None]
    tops = [b for b in (declared["max"], *_seconds(facts)) if b is not None]
    if (code := facts.get("sentinel")) is not None:
        # With a bin of its own, the number of its rows can be read off.
        bounds.append(code)
        tops.append(code)
    edges = edges_of(values, extra=[*bounds, *(float(np.nextafter(t, np.inf)) for t in tops)])
    empty = (0,) * (len(edges) + 1) + _EMPTY
    return Feature(name=name, kind="numeric", edges=edges, counts=empty, **facts, **declared)


def _finite_pair(center: float, reach: float) -> tuple[float, float]:
    return _finite(center - reach), _finite(center + reach)


def _finite(value: float) -> float:
    most = float(np.finfo(np.float64).max)
    return max(-most, min(most, value))


def _firsts(facts: dict[str, Any]) -> list[float]:
    return [facts[name][0] for name in ("mad_bounds", "tukey_fences") if facts.get(name)]


def _seconds(facts: dict[str, Any]) -> list[float]:
    return [facts[name][1] for name in ("mad_bounds", "tukey_fences") if facts.get(name)]


def _sentinel(values: np.ndarray, center: float, spread: float) -> float | None:
    """Return the smallest or largest value if many rows have it and it is far from all others."""
    ordered = np.sort(values)
    enough = max(3.0, _SENTINEL_FRACTION * len(ordered))
    for end, others in (
        (ordered[0], ordered[ordered > ordered[0]][:1]),
        (ordered[-1], ordered[ordered < ordered[-1]][-1:]),
    ):
        many = enough <= np.sum(ordered == end) < 0.5 * len(ordered)
        if many and len(others) and spread > 0:
            away, gap = abs(end - center), abs(end - float(others[0]))
            if gap > _SENTINEL_SPREADS * spread and gap > 0.5 * away:
                return float(end)
    return None


def _chosen_by_chance(words: Counter[str]) -> bool:
    """Return whether chance decides which words have a bin, or a coarse bin of their own.

    If many words are rare, the reference contains those that happened to occur: all of its own
    words are known, but some of a window's are new. Words that happened to occur often have bins,
    in which a window then has fewer rows.
    """
    rows = words.total()
    if rows < _MIN_HALVED:
        return False
    counts = np.array(list(words.values()))
    limit = MIN_FRACTION * rows
    near = np.abs(counts - limit) < _NEAR_SPREADS * np.sqrt(np.maximum(counts, limit))
    once = int(np.sum(counts == 1))
    return len(words) > MAX_VOCABULARY or once > _FEW_NEW * rows or int(near.sum()) > _FEW_NEAR


def _categorical(name: str, words: Counter[str], declared: dict[str, Any]) -> Feature:
    """Return the feature of a column with these numbers of rows per category."""
    for allowed in sorted(declared["allowed"] or ()):
        words.setdefault(allowed, 0)
    ranked = [w for w, _ in words.most_common()]
    vocabulary = sorted(ranked[:MAX_VOCABULARY])
    rarer = sum(words[w] for w in ranked[MAX_VOCABULARY:])
    feature = Feature(
        name=name,
        kind="categorical",
        vocabulary=tuple(vocabulary),
        rare=frozenset(ranked[MAX_VOCABULARY : MAX_VOCABULARY + _MAX_RARE]),
        counts=(*(words[w] for w in vocabulary), rarer, *_EMPTY),
        **declared,
    )
    return replace(feature, coarse=coarse_bins(feature), counts=(0,) * len(feature.counts))
