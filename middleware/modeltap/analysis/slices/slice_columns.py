"""Columns of rows in bins, with the condition that each range of bins stands for."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from modeltap import clock
from modeltap.analysis.counting.columns import Values
from modeltap.analysis.inference.infer import infer
from modeltap.analysis.model.feature import Column, Feature, plain
from modeltap.analysis.slices.slice_conditions import Condition
from modeltap.config.metrics import is_output
from modeltap.config.settings import Settings
from modeltap.decoding.times import parse_times
from modeltap.privacy.marks import MASK

_BINS = 16
"""Bins of a numeric column: a limit is within three hundredths of the rows."""

_CATEGORIES = 30
"""Categories with a condition of their own, the most frequent ones."""

_INFERRED_FROM = 5000
"""Rows that show a column's type."""

_ROUNDED = 100
"""Limits are rounded to a power of ten below this part of the range of most values."""

_TIME_UNITS = (1.0, 60.0, clock.HOUR, clock.DAY)

_EMPTY = "no values"
_CONSTANT = "a single value"

_UNSEARCHED = {
    "text": "texts",
    "id": "ids, or texts that are mostly distinct",
    "vector": "vectors",
    "other": "objects, lists or values of several types",
}
"""Types without conditions."""


@dataclass(frozen=True)
class SliceColumn:
    """A column of n rows in bins.

    Args:
        codes: (n,) the bin of each row.
        spans: (spans, bins) 1 for the bins of each condition.
        conditions: (spans,) the conditions.
    """

    name: str
    codes: np.ndarray
    spans: np.ndarray
    conditions: Sequence[Condition]

    @property
    def bins(self) -> int:
        """The number of bins."""
        return int(self.spans.shape[1])

    def picked(self, places: np.ndarray) -> np.ndarray:
        """Return the bins of the rows at these places."""
        return np.asarray(self.codes[places])


class ColumnsInBins(NamedTuple):
    """The columns to search, and the reason for each of the others."""

    columns: list[SliceColumn]
    unsearched: dict[str, str]


def in_bins(columns: Mapping[str, Column], rows: int, settings: Settings) -> ColumnsInBins:
    """Return the inputs among `columns`, each of `rows` values, in bins.

    >>> from modeltap.config.settings import Settings
    >>> binned = in_bins({"x": [1, 2, 3, None], "c": ["a", "a", "a", "a"]}, 4, Settings())
    >>> [str(condition) for condition in binned.columns[0].conditions[:3]]
    ['x = 1', 'x <= 2', 'x = 2']
    >>> binned.unsearched
    {'c': 'a single value'}
    """
    inputs = {name: column for name, column in columns.items() if not is_output(name)}
    declared = settings.declared(inputs)
    searched: list[SliceColumn] = []
    unsearched: dict[str, str] = {}
    for name, column in inputs.items():
        feature = infer(name, column[:_INFERRED_FROM], declared[name])
        binned = _column(feature, column, rows)
        if isinstance(binned, str):
            unsearched[name] = binned
        else:
            searched.append(binned)
    return ColumnsInBins(searched, unsearched)


def _column(feature: Feature, column: Column, rows: int) -> SliceColumn | str:
    """Return a column in bins, or the reason why it is not searched."""
    if feature.kind in _UNSEARCHED:
        present = [value for value in plain(column) if value is not None]
        if not present:
            return _EMPTY
        if all(type(value) is str and value == MASK for value in present):
            return "masked in all rows"
        return _UNSEARCHED[feature.kind]
    values = Values({feature.name: column}, rows, {feature.name: feature})
    if feature.kind == "datetime":
        return _of_times(feature, parse_times(plain(column), feature.day_first))
    if feature.kind == "numeric":
        return _of_numbers(feature.name, values.numbers(feature, column)[0])
    return _of_categories(feature.name, values.categories(feature, column))


def _of_numbers(name: str, numbers: np.ndarray) -> SliceColumn | str:
    known = numbers[~np.isnan(numbers)]
    distinct = np.unique(known)
    if len(distinct) <= _BINS:
        return _ordered(name, numbers, _Scale(distinct[1:], values=distinct))
    edges = _rounded(np.quantile(known, np.arange(1, _BINS) / _BINS), known)
    return _ordered(name, numbers, _Scale(np.unique(edges)))


def _of_times(feature: Feature, seconds: np.ndarray) -> SliceColumn | str:
    known = seconds[~np.isnan(seconds)]
    if not len(known):
        return _EMPTY
    reach = float(known.max() - known.min())
    unit = max(unit for unit in _TIME_UNITS if unit * _BINS <= max(reach, _BINS))
    edges = np.unique(np.round(np.quantile(known, np.arange(1, _BINS) / _BINS) / unit) * unit)
    return _ordered(feature.name, seconds, _Scale(edges, text=_time))


def _time(seconds: float) -> str:
    return clock.short(clock.iso(seconds))


def _number(value: float) -> str:
    return f"{value:.12g}"


@dataclass(frozen=True)
class _Scale:
    """The limits between ordered bins; `values` if each bin has one value."""

    edges: np.ndarray
    values: np.ndarray | None = None
    text: Callable[[float], str] = _number

    def condition(self, first: int, last: int) -> str:
        """Return the condition of the bins from `first` to `last`."""
        if self.values is not None:
            low, high = (self.text(float(self.values[place])) for place in (first, last))
            if first == last:
                return f"= {low}"
            return _range(low if first else None, high if last < len(self.edges) else None, "<=")
        return _range(
            self.text(float(self.edges[first - 1])) if first else None,
            self.text(float(self.edges[last])) if last < len(self.edges) else None,
            "<",
        )


def _range(low: str | None, high: str | None, below: str) -> str:
    if low is None:
        return f"{below} {high}"
    return f">= {low}" if high is None else f">= {low} and {below} {high}"


def _ordered(name: str, numbers: np.ndarray, scale: _Scale) -> SliceColumn | str:
    """Return a column of numbers: each range of bins is a condition, and so are missing values."""
    is_missing = np.isnan(numbers)
    bins = len(scale.edges) + 1
    if bins == 1 and not is_missing.any():
        return _CONSTANT
    if is_missing.all():
        return _EMPTY
    codes = np.where(is_missing, bins, np.searchsorted(scale.edges, numbers, side="right"))
    ranges = [(first, last) for first in range(bins) for last in range(first, bins)]
    ranges = [pair for pair in ranges if pair != (0, bins - 1)]
    conditions = [Condition(name, scale.condition(*pair)) for pair in ranges]
    if is_missing.any():
        ranges.append((bins, bins))
        conditions.append(Condition(name, "is missing"))
    return SliceColumn(name, codes, _spans(ranges, int(codes.max()) + 1), conditions)


def _of_categories(name: str, values: Sequence[Any]) -> SliceColumn | str:
    """Return a column of categories; rare ones share a bin without a condition."""
    rows = Counter(values)
    named = [value for value, _ in rows.most_common() if type(value) is str][:_CATEGORIES]
    if not named:
        return _EMPTY
    if len(rows) == 1:
        return _CONSTANT
    places: dict[Any, int] = {value: place for place, value in enumerate(named)}
    conditions = [Condition(name, "", value) for value in named]
    if rows[None]:
        places[None] = len(conditions)
        conditions.append(Condition(name, "is missing"))
    others = len(conditions)
    codes = np.array([places.get(value, others) for value in values], dtype=np.int64)
    spans = _spans([(place, place) for place in range(others)], int(codes.max()) + 1)
    return SliceColumn(name, codes, spans, conditions)


def _spans(ranges: Sequence[tuple[int, int]], bins: int) -> np.ndarray:
    """Return (ranges, bins) 1 for the bins of each range of them, else 0."""
    places = np.arange(bins)
    first, last = np.array(ranges).T
    spans: np.ndarray = ((places >= first[:, None]) & (places <= last[:, None])).astype(np.float64)
    return spans


def _rounded(edges: np.ndarray, numbers: np.ndarray) -> np.ndarray:
    """Return limits with as few digits as keep them apart."""
    low, high = np.quantile(numbers, [0.05, 0.95])
    reach = float(high - low)
    if not 0 < reach < math.inf:
        return edges
    digits = math.floor(math.log10(reach / _ROUNDED))
    rounded: np.ndarray = np.round(edges / 10.0**digits) * 10.0**digits
    return rounded
