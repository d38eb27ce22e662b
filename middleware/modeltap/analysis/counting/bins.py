"""Counting of one column into one feature's bins."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from modeltap import clock
from modeltap.analysis.model.feature import (
    MISMATCH,
    MISSING,
    UNSEEN,
    Column,
    Feature,
    as_category,
    is_missing,
    plain,
)
from modeltap.analysis.model.vectors import vector

Category = str | int | None
"""A category; None if it is missing, 0 if the value has another type."""

_SORTED_AT_ONCE = 65_536
"""Values in a block that is sorted at once.

Sorting blocks that fit the cache and searching the edges in each is three times faster than
searching every value in the edges. The counts are identical.
"""


def count_numbers(
    numbers: np.ndarray, wrong: int, feature: Feature, counted: np.ndarray
) -> tuple[float, float]:
    """Count (n,) float64 and return the extremes; NaN is missing, or one of `wrong` other ones."""
    present = numbers[~np.isnan(numbers)]
    counted[MISMATCH] = wrong
    counted[MISSING] = len(numbers) - len(present) - wrong
    edges = np.array(feature.edges)
    bins = counted[: len(edges) + 1]
    low, high = np.inf, -np.inf
    for start in range(0, len(present), _SORTED_AT_ONCE):
        block = np.sort(present[start : start + _SORTED_AT_ONCE])
        low, high = min(low, block[0]), max(high, block[-1])
        ends = np.concatenate([[0], np.searchsorted(block, edges, side="left"), [len(block)]])
        bins += ends[1:] - ends[:-1]  # `np.diff` takes three times as long
    return float(low), float(high)


def count_categories(
    categories: Sequence[Category], times: Sequence[int], feature: Feature, counted: np.ndarray
) -> None:
    """Count categories; None is missing, and a value that is not a string has the wrong type.

    Args:
        categories: the distinct ones.
        times: the number of rows with each.
    """
    positions = {w: position for position, w in enumerate(feature.vocabulary)}
    for value, rows in zip(categories, times, strict=True):
        if value is None:
            counted[MISSING] += rows
        elif type(value) is not str:
            counted[MISMATCH] += rows
        elif feature.allowed is not None and as_category(value) not in feature.allowed:
            counted[UNSEEN] += rows
        elif (position := positions.get(known := as_category(value))) is not None:
            counted[position] += rows
        elif known in feature.rare:
            counted[len(positions)] += rows
        else:
            counted[UNSEEN] += rows


def count_present(column: Column, feature: Feature, counted: np.ndarray) -> None:
    """Count the values of a text, a time, a vector or an id that are present and of that type."""
    for value in plain(column):
        if is_missing(value) or value in feature.missing_values:
            counted[MISSING] += 1
        elif _is_of(value, feature):
            counted[0] += 1
        else:
            counted[MISMATCH] += 1


def _is_of(value: object, feature: Feature) -> bool:
    if feature.kind == "text":
        return isinstance(value, str)
    if feature.kind == "datetime":
        return clock.parse(value, feature.day_first) is not None
    if feature.kind == "vector":
        return vector(value, len(feature.centroid)) is not None
    if feature.kind == "id":
        return isinstance(value, (str, int)) and not isinstance(value, bool)
    return True
