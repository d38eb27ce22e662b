"""Rising columns: counters, times and ids that grow with each row, in whatever order they came.

Each window's values lie beyond those of the one before, so that any test would find drift for ever.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from modeltap import clock
from modeltap.analysis.model.feature import Column, Feature, plain
from modeltap.config.metrics import is_output
from modeltap.number_texts import number_of

RISING = "rising"

_MOST_ROWS = 20_000
"""Rows that are looked at: a column that rises does so everywhere."""

_MIN_VALUES = 100
"""Fewer values may be in order by chance, or be read once a day."""

_MIN_TIMES = 10
"""Of rows that come in batches many have one time."""

_CORRELATION = 0.99
"""Of ranks: ids that parallel clients take, or that are used again soon after, are within a
hundredth of their range out of order; what drifts through noise is not."""


def is_rising(feature: Feature, column: Column, moments: np.ndarray) -> bool:
    """Say whether a column of whole numbers, or of times, rises with its rows' times.

    Spearman's rank correlation of values and times is near 1, and in each quarter of the rows.

    Args:
        column: (n,) values.
        moments: (n,) Unix seconds, NaN where unknown.

    >>> feature = Feature(name="n", kind="numeric", counts=())
    >>> is_rising(feature, list(range(1000)), np.arange(1000.0) * 60)
    True
    """
    if feature.kind not in ("numeric", "datetime") or feature.of or is_output(feature.name):
        return False
    known = np.flatnonzero(~np.isnan(moments))
    places = known[:: -(-len(known) // _MOST_ROWS) or 1]
    listed = plain(column)
    values = np.array([_number(listed[at], feature) for at in places.tolist()], dtype=np.float64)
    present = np.isfinite(values)
    values, times = values[present], moments[places][present]
    if len(np.unique(values)) < _MIN_VALUES or len(np.unique(times)) < _MIN_TIMES:
        return False
    if feature.kind == "numeric" and not np.array_equal(values, np.round(values)):
        return False
    return _correlation(values, times) >= _CORRELATION


def _number(value: Any, feature: Feature) -> float:
    if value in feature.missing_values:
        return float("nan")
    if feature.kind == "datetime":
        moment = clock.parse(value, feature.day_first)
        return float("nan") if moment is None else moment
    if feature.texts and type(value) is str:
        value = number_of(value, feature.texts)
    if type(value) not in (int, float):
        return float("nan")
    try:
        return float(value)
    except OverflowError:
        return float("nan")


def _correlation(values: np.ndarray, times: np.ndarray) -> float:
    return float(np.corrcoef(_ranks(values), _ranks(times))[0, 1])


def _ranks(values: np.ndarray) -> np.ndarray:
    """Return the ranks of values, the mean one for those that are alike."""
    _, places, counts = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    means: Sequence[float] | np.ndarray = ends - (counts - 1) / 2
    return np.asarray(means, dtype=np.float64)[places.reshape(values.shape)]
