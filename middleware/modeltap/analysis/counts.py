"""The kernel: rows become counts in the reference's bins. Counts add exactly."""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from modeltap.analysis.reference import SPECIAL, Column, Feature, Reference, plain, word

_SORTED_AT_ONCE = 65_536
"""Sorting blocks that fit the cache and searching the edges in each is three times faster than
searching every value in the edges, and gives the same counts to the bit."""

_NUMBERS = {int, float, type(None)}


def count(columns: Mapping[str, Column], rows: int, reference: Reference) -> np.ndarray:
    """Count `rows` rows into the reference's bins.

    Args:
        columns: values by feature, each of length `rows`; others than the reference's are
            left out, and a feature of the reference that is absent counts as missing.

    Returns an int64 array, feature after feature as in `layout`: here the bins of a and b, of
    rarer words, and then missing, of the wrong type, never seen.

    >>> from modeltap.analysis.reference import fit
    >>> reference = fit({"c": ["a", "b"]}, 2, model="m")
    >>> count({"c": ["a", "z", None, 7]}, 4, reference).tolist()
    [1, 0, 0, 1, 1, 1]
    """
    parts = [_count_feature(columns.get(f.name), rows, f) for f in reference.features]
    return np.concatenate(parts) if parts else np.zeros(0, dtype=np.int64)


def layout(reference: Reference) -> dict[str, slice]:
    """Say where each feature's bins lie in an array of counts."""
    slices, start = {}, 0
    for feature in reference.features:
        slices[feature.name] = slice(start, start + len(feature.counts))
        start += len(feature.counts)
    return slices


def empty(reference: Reference) -> np.ndarray:
    """Return the counts of no rows."""
    return np.zeros(sum(len(f.counts) for f in reference.features), dtype=np.int64)


def pack(counts: np.ndarray) -> bytes:
    """Write counts as the store keeps them: int64, little-endian, zlib."""
    return zlib.compress(np.ascontiguousarray(counts, dtype="<i8").tobytes(), 1)


def unpack(data: bytes) -> np.ndarray:
    """Read what `pack` wrote."""
    return np.frombuffer(zlib.decompress(data), dtype="<i8").astype(np.int64)


def _count_feature(column: Column | None, rows: int, feature: Feature) -> np.ndarray:
    counted = np.zeros(len(feature.counts), dtype=np.int64)
    if column is None:
        counted[-3] = rows
    elif feature.kind == "numeric":
        _count_numbers(column, feature, counted)
    elif feature.kind == "categorical":
        _count_words(column, feature, counted)
    else:
        missing = sum(
            value is None or (type(value) is float and value != value) for value in plain(column)
        )
        counted[0], counted[-3] = rows - missing, missing
    return counted


def _count_numbers(column: Column, feature: Feature, counted: np.ndarray) -> None:
    if not (isinstance(column, np.ndarray) and column.dtype == np.float64):
        column, mismatched = _numbers(column)
        counted[-2] = mismatched
    present = column[~np.isnan(column)]
    counted[-3] = len(column) - len(present)
    edges = np.array(feature.edges)
    bins = counted[: len(edges) + 1]
    for start in range(0, len(present), _SORTED_AT_ONCE):
        block = np.sort(present[start : start + _SORTED_AT_ONCE])
        below = np.searchsorted(block, edges, side="left")
        bins += np.diff(below, prepend=0, append=len(block))


def _numbers(column: Column) -> tuple[np.ndarray, int]:
    """Return a column's numbers (missing as NaN), and how many values were none."""
    column = _listed(column)
    if set(map(type, column)) <= _NUMBERS:
        try:
            return np.array(column, dtype=np.float64), 0
        except OverflowError:
            pass  # an integer beyond 1.8e308
    numbers = [number for value in plain(column) if (number := _number(value)) is not None]
    return np.array(numbers, dtype=np.float64), len(column) - len(numbers)


def _listed(column: Column) -> Sequence[Any]:
    """Look at types only once where all are Python's own: `plain` looks at them, too."""
    return column.tolist() if isinstance(column, np.ndarray) else column


def _number(value: object) -> float | None:
    """Return a number, NaN for a missing one, None for what is no number."""
    if value is None:
        return float("nan")
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    try:
        return float(value)
    except OverflowError:
        return float("inf") if value > 0 else float("-inf")


def _count_words(column: Column, feature: Feature, counted: np.ndarray) -> None:
    column = _listed(column)
    if not set(map(type, column)) <= {str, type(None)}:
        # True and 1 are equal, and so would be counted as one another: types go along.
        column = [_hashable(value) for value in plain(column)]
    words = Counter(column)
    positions = {w: position for position, w in enumerate(feature.vocabulary)}
    for value, times in words.items():
        if value is None:
            counted[-3] += times
        elif type(value) is not str:
            counted[-2] += times
        elif (position := positions.get(known := word(value))) is not None:
            counted[position] += times
        elif known in feature.rare:
            counted[len(positions)] += times
        else:
            counted[-1] += times


def _hashable(value: object) -> object:
    if type(value) is bool:
        return word(value)
    if value is None or type(value) is str:
        return value
    if isinstance(value, float) and value != value:
        return None
    return str(value) if isinstance(value, str) else 0


assert SPECIAL == ("missing", "mismatch", "unseen")  # counted[-3], [-2], [-1]
