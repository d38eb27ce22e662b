"""Inference of a feature from the reference's values: its type, and what its bins need."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
from msgspec.structs import replace

from modeltap.analysis.inference.column_types import type_of
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
"""Categories with a bin of their own: 1.6 KB of counts a window, and a test for each."""

_MAX_RARE = 49 * MAX_VOCABULARY
"""Rarer categories that are known by name: a few hundred kilobytes of a reference at most."""

_MIN_HALVED = 200
"""Of fewer rows neither half would be worth a comparison; their tests see only gross changes."""

_FEW_NEW = 0.0025
"""Words that came once, of all rows: as often the next row's word is new (Good, 1953). Below it
nothing of it is seen, neither in drift nor in the rate of unseen words, whose floor it is."""

_NEAR_SPREADS = 3.0
"""So near to the limit of a coarse bin chance decides on which side of it a word came to lie."""

_FEW_NEAR = 2
"""Two words near that limit move the rest by a hundredth of a deviation of their sum."""

OUTLIER = 3.5
"""Robust z-scores beyond it are outliers (Iglewicz & Hoaglin, 1993)."""

MAD_TO_DEVIATION = 1.4826
"""The standard deviation of a normal distribution in its median absolute deviations."""

MIDDLE_HALF = 1.349
"""Standard deviations that the middle half of a normal distribution spans."""

_TUKEY = 1.5
"""Tukey's fences (1977): so many widths of the middle half beyond it."""

_SENTINEL_FRACTION = 0.005
"""A code for a missing value is in more than a stray row of a few hundred."""

_SENTINEL_SPREADS = 5.0
"""A gap to the next value that the ends of no usual distribution have."""

_EMPTY = (0,) * len(SPECIAL)


def infer(name: str, column: Column, declared: FeatureSettings | None = None) -> Feature:
    """Return the feature of a column of the reference, its counts still empty.

    Args:
        column: (n,) values; None and NaN are missing.
        declared: its settings, which win over its values.

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
        codes = [one for one in facts["missing_values"] if isinstance(one, (int, float))]
        numbers = numbers[np.isfinite(numbers) & ~np.isin(numbers, codes)]
        return _numeric(name, numbers, facts)
    values = _present(column, facts)
    found = type_of(name, values, declared.type)
    facts |= {"whole": facts["whole"] or found.whole, "texts": found.texts or ""}
    facts |= {"text_rate": found.text_rate, "day_first": found.day_first}
    if found.kind == "numeric":
        return _numeric(name, _numbers(values, found.texts), facts)
    if found.kind == "categorical":
        words = _counted(values)
        if not (halved := _chosen_by_chance(words)):
            return _categorical(name, words, facts)
        listed = plain(column)
        first = [listed[place] for place in halves(len(listed))[0].tolist()]
        return _categorical(name, _counted(_present(first, facts)), {**facts, "halved": halved})
    if found.kind == "boolean":
        empty = (0,) * (len(BOOLEANS) + 1) + _EMPTY
        return Feature(name=name, kind="boolean", vocabulary=BOOLEANS, counts=empty, **facts)
    centroid = mean_direction(values) if found.kind == "vector" else ()
    return Feature(name=name, kind=found.kind, centroid=centroid, counts=(0, *_EMPTY), **facts)


def of_untyped(feature: Feature) -> Feature:
    """Return a feature of a file that cannot tell a text of digits from a number: both are its.

    >>> of_untyped(infer("x", [1.5, 2.5])).texts
    'point'
    """
    if feature.kind == "numeric":
        return replace(feature, texts=feature.texts or "point")
    return replace(feature, whole=True) if feature.kind == "categorical" else feature


def _missing_values(column: Column, declared: FeatureSettings) -> tuple[Any, ...]:
    """Return the codes for missing values, each as a number and as a text, and the mask.

    Values that were masked before they were stored count as missing.
    """
    found: list[Any] = []
    for one in declared.missing_values or ():
        number = number_of(one) if isinstance(one, str) else one
        found += [one, number if isinstance(one, str) else str(one)]
        if isinstance(number, float) and number.is_integer():
            found.append(str(int(number)))
    if not isinstance(column, np.ndarray) and any(
        type(value) is str and value == MASK for value in column
    ):
        found.append(MASK)
    return tuple(one for one in found if one is not None)


def _present(column: Column, facts: dict[str, Any]) -> list[Any]:
    codes = facts["missing_values"]
    return [v for v in plain(column) if not is_missing(v) and v not in codes]


def _numbers(values: Sequence[Any], style: Style | None) -> np.ndarray:
    """Return the finite numbers of a column, those that are sent as text in its style, too."""
    numbers = []
    for value in values:
        number = number_of(value, style) if style and type(value) is str else value
        if isinstance(number, (int, float)) and not isinstance(number, bool):
            try:
                numbers.append(float(number))
            except OverflowError:
                continue
    found = np.array(numbers, dtype=np.float64)
    return found[np.isfinite(found)]


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
        # A bin of its own: how many rows have it can be read off.
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
    """Return the smallest or largest value if many rows have it, far from all the others."""
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


def _counted(values: Sequence[Any]) -> Counter[str]:
    """Return how often each category came."""
    return Counter(code(value) for value in values if type(value) in (str, bool, int, float))


def _chosen_by_chance(words: Counter[str]) -> bool:
    """Say whether chance decides which words have a bin, or a coarse one of their own.

    Where many words come seldom, those of the reference are those that happened to come: in it
    all are known, in a window some are new. And those that happened to come often have bins, in
    which a window then has fewer rows.
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
    """Return the feature of a column in which each category came so often."""
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
