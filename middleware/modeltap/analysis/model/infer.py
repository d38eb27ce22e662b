"""Learning a feature from the reference's values: its type, and the bins of that type."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime
from itertools import pairwise
from typing import Any

import numpy as np

from modeltap.analysis.model.feature import SPECIAL, Column, Feature, is_missing, plain, truth, word
from modeltap.config.settings import FeatureSettings
from modeltap.privacy.marks import MASK

FINE_BINS = 128
"""Quantile bins for KS and Wasserstein: they hold the error of KS below .0017."""

MAX_VOCABULARY = 200
_MAX_CATEGORY_LENGTH = 100
_MOST = 0.9
"""A column is of a type when this share of its values is; the others are mismatches."""

OUTLIER = 3.5
"""Robust z-scores beyond it are outliers (Iglewicz & Hoaglin, 1993)."""

_FENCE = 1.5
_MIN_ID_ROWS = 100
_ID_NAME = re.compile(r"(^|[._])(id|uuid|guid)$", re.IGNORECASE)
_SENTINEL_SHARE = 0.005
_SENTINEL_SPREADS = 5.0
_TIME = re.compile(r"\s*\d{4}-\d\d-\d\d([T ]\d\d:\d\d.*)?\s*")
_EMPTY = (0,) * len(SPECIAL)


def learn(name: str, column: Column, declared: FeatureSettings | None = None) -> Feature:
    """Return the feature that a column of the reference is; its counts are still empty.

    Args:
        column: (n,) values; None and NaN are missing.
        declared: what was said of it, which wins over what it looks like.

    >>> learn("x", [1.0, 2.5, None]).kind, learn("c", ["a", "b", "a"]).kind
    ('numeric', 'categorical')
    >>> learn("e", [[0.1, 0.2], [0.3, 0.4]]).kind, learn("b", ["True", "False"]).kind
    ('vector', 'boolean')
    """
    declared = declared or FeatureSettings()
    facts: dict[str, Any] = {
        "min": declared.min,
        "max": declared.max,
        "required": declared.required,
        "allowed": None if declared.allowed is None else frozenset(map(_word, declared.allowed)),
        "missing_values": (*(declared.missing_values or ()), *_masked(column)),
        "whole": declared.type in ("categorical", "boolean"),
    }
    if (
        isinstance(column, np.ndarray)
        and column.dtype.kind == "f"
        and declared.type
        in (
            None,
            "numeric",
        )
    ):
        numbers = column.astype(np.float64)
        return _numeric(name, _without(numbers[np.isfinite(numbers)], declared), facts)
    values = [v for v in plain(column) if not is_missing(v) and v not in facts["missing_values"]]
    kind = declared.type or _kind(name, values)
    if kind == "numeric":
        return _numeric(name, _finite_numbers(values), facts)
    if kind == "categorical":
        return _categorical(name, values, facts)
    if kind == "boolean":
        empty = (0,) * (len(_TRUTHS) + 1) + _EMPTY
        return Feature(name=name, kind=kind, vocabulary=_TRUTHS, counts=empty, **facts)
    centroid = _centroid(values) if kind == "vector" else ()
    return Feature(name=name, kind=kind, centroid=centroid, counts=(0, *_EMPTY), **facts)


_TRUTHS = ("false", "true")


def _masked(column: Column) -> tuple[str, ...]:
    """What was masked before it was stored is no value of the feature's."""
    if isinstance(column, np.ndarray):
        return ()
    return (MASK,) if any(type(value) is str and value == MASK for value in column) else ()


def _kind(name: str, values: Sequence[Any]) -> Any:
    """Say what a column's present values look like."""
    kinds = Counter(map(type, values))
    enough = _MOST * len(values)
    numbers, texts = kinds[int] + kinds[float], kinds[str]
    if not values:
        return "other"
    if numbers >= enough:
        return "id" if _are_ids(name, values) else "numeric"
    if kinds[bool] >= enough:
        return "boolean"
    if texts + kinds[bool] >= enough:
        return _kind_of_text([word(v) for v in values if type(v) in (str, bool)])
    if kinds[list] >= enough and _centroid(values):
        return "vector"
    if kinds[datetime] + kinds[date] >= enough:
        return "datetime"
    return "other"


def _kind_of_text(words: Sequence[str]) -> str:
    distinct = Counter(words)
    if all(_TIME.fullmatch(w) for w in list(distinct)[:20]):
        return "datetime"
    if len(distinct) <= 2 and all(truth(w) for w in distinct):
        return "boolean"
    mostly_new = len(distinct) > 20 and len(distinct) > 0.5 * len(words)
    if mostly_new or max(map(len, distinct)) > _MAX_CATEGORY_LENGTH:
        spaced = sum(" " in w.strip() for w in words)
        return "text" if spaced > 0.5 * len(words) else "id"
    return "categorical"


def _are_ids(name: str, values: Sequence[Any]) -> bool:
    """Whole numbers, no two alike, in order or called so: they count or name, and never repeat."""
    if len(values) < _MIN_ID_ROWS or not set(map(type, values)) <= {int}:
        return False
    if len(set(values)) < len(values):
        return False
    if _ID_NAME.search(name):
        return True
    return all(a < b for a, b in pairwise(values))


def _word(value: Any) -> str:
    return word(value) if isinstance(value, (str, bool)) else str(value)


def _without(values: np.ndarray, declared: FeatureSettings) -> np.ndarray:
    codes = [v for v in declared.missing_values or () if isinstance(v, (int, float))]
    return values[~np.isin(values, codes)] if codes else values


def _finite_numbers(values: Sequence[Any]) -> np.ndarray:
    numbers = []
    for value in values:
        if type(value) in (int, float):
            try:
                numbers.append(float(value))
            except OverflowError:
                continue
    found = np.array(numbers, dtype=np.float64)
    return found[np.isfinite(found)]


def _numeric(name: str, values: np.ndarray, declared: dict[str, Any]) -> Feature:
    facts: dict[str, Any] = {}
    if len(values):
        first, center, third = np.quantile(values, [0.25, 0.5, 0.75]).tolist()
        with np.errstate(over="ignore"):
            spread = 1.4826 * float(np.median(np.abs(values - center))) or (third - first) / 1.349
            facts = {
                "low": float(values.min()),
                "high": float(values.max()),
                "center": center,
                "spread": min(spread, float(np.finfo(np.float64).max)),
            }
            if spread > 0:
                facts["fences"] = _finite_pair(center, OUTLIER * spread)
            if third > first:
                width = _FENCE * (third - first)
                facts["box"] = (_finite(first - width), _finite(third + width))
        facts["sentinel"] = _sentinel(values, center, spread)
    bounds = [b for b in (declared["min"], *_firsts(facts)) if b is not None]
    tops = [b for b in (declared["max"], *_seconds(facts)) if b is not None]
    edges = edges_of(values, extra=[*bounds, *(float(np.nextafter(t, np.inf)) for t in tops)])
    empty = (0,) * (len(edges) + 1) + _EMPTY
    return Feature(name=name, kind="numeric", edges=edges, counts=empty, **facts, **declared)


def _finite_pair(center: float, reach: float) -> tuple[float, float]:
    return _finite(center - reach), _finite(center + reach)


def _finite(value: float) -> float:
    most = float(np.finfo(np.float64).max)
    return max(-most, min(most, value))


def _firsts(facts: dict[str, Any]) -> list[float]:
    return [facts[name][0] for name in ("fences", "box") if facts.get(name)]


def _seconds(facts: dict[str, Any]) -> list[float]:
    return [facts[name][1] for name in ("fences", "box") if facts.get(name)]


def _sentinel(values: np.ndarray, center: float, spread: float) -> float | None:
    """Return the smallest or largest value if many rows have it, far from all the others."""
    ordered = np.sort(values)
    enough = max(3.0, _SENTINEL_SHARE * len(ordered))
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


def edges_of(
    values: np.ndarray, bins: int = FINE_BINS, extra: Sequence[float] = ()
) -> tuple[float, ...]:
    """Return the edges of a numeric feature's bins, ascending and finite.

    Quantiles; a bin ``[a, nextafter(a))`` of its own for each value with more than 1/bins of
    the rows, without which Wasserstein is off by .036 sd for a zero-inflated column; towards
    both ends quantiles that halve the rows that are left, which show contamination; beyond
    them edges at doubling distances; and the `extra` ones, at which rates are read off.
    """
    if not len(values):
        return ()
    ordered = np.sort(values)
    shares = np.arange(1, bins) / bins
    tails = 0.5 ** np.arange(int(math.log2(bins)) + 1, int(math.log2(max(2 * bins, len(values)))))
    at = np.concatenate([shares, tails, 1 - tails])
    positions = np.clip((at * len(ordered)).astype(np.int64), 0, len(ordered) - 1)
    unique, counted = np.unique(ordered, return_counts=True)
    heavy = unique[counted > len(ordered) / bins]
    above = np.nextafter(heavy, np.inf)
    outer = _outer_edges(float(ordered[0]), float(ordered[-1]))
    # The smallest and the largest value end the bins that the reference has rows in.
    ends = np.array([ordered[0], np.nextafter(ordered[-1], np.inf), *extra])
    edges = np.unique(np.concatenate([ordered[positions], heavy, above, ends, outer]))
    return tuple(edges[np.isfinite(edges)].tolist())


def _outer_edges(low: float, high: float) -> np.ndarray:
    """Return edges beyond the reference's values, from 1/128 of its range to 8 times it.

    Without them Wasserstein cannot tell a shift beyond the range from one to its end; the near
    ones are for columns with most of their rows at an end, whose range is many deviations wide.
    """
    with np.errstate(over="ignore"):
        steps = ((high - low) or abs(high) or 1.0) * 2.0 ** np.array([-7.0, -5.0, *range(-4, 4)])
        return np.concatenate([low - steps, high + steps])


def _categorical(name: str, values: Sequence[Any], declared: dict[str, Any]) -> Feature:
    words = Counter(_word(value) for value in values if type(value) in (str, bool, int))
    for one in sorted(declared["allowed"] or ()):
        words.setdefault(one, 0)
    ranked = [w for w, _ in words.most_common()]
    return Feature(
        name=name,
        kind="categorical",
        vocabulary=tuple(sorted(ranked[:MAX_VOCABULARY])),
        rare=frozenset(ranked[MAX_VOCABULARY : 50 * MAX_VOCABULARY]),
        counts=(0,) * (min(len(ranked), MAX_VOCABULARY) + 1) + _EMPTY,
        **declared,
    )


def _centroid(values: Sequence[Any]) -> tuple[float, ...]:
    """Return the mean of the vectors of the usual length, of length 1; empty if there is none."""
    lengths = Counter(len(v) for v in values if type(v) is list)
    if not lengths:
        return ()
    size, count = lengths.most_common(1)[0]
    if size < 2 or count < _MOST * len(values):
        return ()
    vectors = [numbers for v in values if (numbers := vector(v, size)) is not None]
    if len(vectors) < _MOST * len(values):
        return ()
    mean = np.mean(vectors, axis=0)
    length = float(np.linalg.norm(mean))
    if not math.isfinite(length):
        return ()
    return tuple((mean / length if length else mean).tolist())


def vector(value: Any, size: int) -> np.ndarray | None:
    """Return a list of `size` finite numbers as an array, None for anything else."""
    if type(value) is not list or len(value) != size or not set(map(type, value)) <= {int, float}:
        return None
    try:
        found = np.array(value, dtype=np.float64)
    except OverflowError:
        return None
    # The square of a larger one is infinite.
    return found if bool((np.abs(found) < 1e150).all()) else None
