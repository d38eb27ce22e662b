"""Rising columns: counters, times and ids that grow with each row, even if rows arrive unordered.

Each window's values lie beyond the previous window's, so any test would report drift permanently.
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
"""Rows that are checked: a column that rises does so everywhere."""

_MIN_VALUES = 100
"""Fewer values may be in order by chance, or be read once a day."""

_MIN_TIMES = 30
"""With at least this many times, an order by chance is impossible (one in thirty factorial).

Rows that arrive in batches have fewer times, so their order within each batch has to rise as well.
"""

_MIN_BATCHES = 3
"""If the second of two batches has larger values, that is a change rather than a pattern."""

_CORRELATION_IN_BATCH = 0.9
"""The correlation of ranks around each batch's mean: clients may reorder a batch slightly."""

_MIN_CYCLE = 100
"""A counter with a shorter cycle shows all its values in each window, and can be compared."""

_MOST = 0.9
"""Almost all jumps of a counter are alike; a few come from lost rows."""

_LIMIT = 0.05
"""A counter restarts at a limit; a daily total, for example, falls from a different height each
time.

A step over the limit is at most this fraction of the range.
"""

_CORRELATION = 0.99
"""The correlation of ranks.

Ids that parallel clients take, or that are soon reused, are out of order by less than a hundredth
of their range; values that drift through noise are not.
"""


def is_rising(feature: Feature, column: Column, moments: np.ndarray) -> bool:
    """Return whether a column of whole numbers, or of times, rises with its rows' times.

    Spearman's rank correlation of values and times is near 1. For rows in few batches, the order
    within each batch counts as well. A counter that restarts at its limit is rising, too.

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
    values = _numbers([listed[at] for at in places.tolist()], feature)
    present = np.isfinite(values)
    values, times = values[present], moments[places][present]
    if len(np.unique(values)) < _MIN_VALUES:
        return False
    order = np.argsort(times, kind="stable")
    values, times = values[order], times[order]
    if feature.kind == "datetime":
        return _rises(values, times)
    are_whole = np.array_equal(values, np.round(values))
    return are_whole and (_rises(values, times) or _rises(_unwrapped(values, times), times))


def _rises(values: np.ndarray, times: np.ndarray) -> bool:
    """Return whether (n,) values rise with their (n,) times, which are in order."""
    _, batches, sizes = np.unique(times, return_inverse=True, return_counts=True)
    if len(sizes) >= _MIN_TIMES:
        return _correlation(_ranks(values), _ranks(times)) >= _CORRELATION
    ranks, places = _ranks(values), np.arange(len(values), dtype=np.float64)
    if len(sizes) < _MIN_BATCHES or _correlation(ranks, places) < _CORRELATION:
        return False
    within = (
        series - (np.bincount(batches, series) / sizes)[batches] for series in (ranks, places)
    )
    return _correlation(*within) >= _CORRELATION_IN_BATCH


def _unwrapped(values: np.ndarray, times: np.ndarray) -> np.ndarray:
    """Return (n,) values of a counter as if it had no limit; unchanged if it has none.

    Values that restart with each batch are sorted, or number the batch's rows.
    """
    period = values.max() - values.min() + 1
    unwrapped = np.unwrap(values, period=period)
    jumps = np.diff(unwrapped - values) != 0
    steps = np.abs(np.diff(unwrapped)[jumps])
    cycles = abs(unwrapped[-1] - values[-1]) / period
    is_limit = len(steps) and np.mean(steps <= _LIMIT * period) >= _MOST
    is_cycle = is_limit and cycles * _MIN_CYCLE <= len(values)
    return unwrapped if is_cycle and np.mean(_between_batches(times)[jumps]) < _MOST else values


def _between_batches(times: np.ndarray) -> np.ndarray:
    """Return for each of (n - 1,) steps whether it is between two batches of several rows."""
    _, batches, sizes = np.unique(times, return_inverse=True, return_counts=True)
    several = (sizes > 1)[batches]
    between: np.ndarray = (np.diff(times) > 0) & several[:-1] & several[1:]
    return between


def _numbers(values: Sequence[Any], feature: Feature) -> np.ndarray:
    """Return (n,) values as floats, times as Unix seconds; NaN for all others."""
    plain_numbers = set(map(type, values)) <= {int, float, type(None)}
    if feature.kind == "numeric" and plain_numbers and not feature.missing_values:
        try:
            return np.array(values, dtype=np.float64)
        except OverflowError:
            pass  # an integer beyond 1.8e308
    return np.array([_number(value, feature) for value in values], dtype=np.float64)


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


def _correlation(first: np.ndarray, second: np.ndarray) -> float:
    """Return Pearson's correlation; 0 if one side is constant, as in batches of one row."""
    spread = first.std() * second.std()
    return float(np.cov(first, second, bias=True)[0, 1] / spread) if spread else 0.0


def _ranks(values: np.ndarray) -> np.ndarray:
    """Return the ranks of values; equal ones have their mean rank."""
    _, places, counts = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    means: Sequence[float] | np.ndarray = ends - (counts - 1) / 2
    return np.asarray(means, dtype=np.float64)[places.reshape(values.shape)]


def has_trend(values: np.ndarray, moments: np.ndarray) -> bool:
    """Return whether (n,) numbers rise or fall with their rows, in the order of (n,) times.

    >>> has_trend(np.arange(200.0) % 7, np.arange(200.0)), has_trend(-np.arange(9.0), np.zeros(9))
    (False, True)
    """
    known = values[np.argsort(moments, kind="stable")]
    known = known[np.isfinite(known)]
    if len(known) < 2 or known.min() == known.max():
        return False
    ranks = np.argsort(np.argsort(known, kind="stable"), kind="stable")
    correlation = np.corrcoef(ranks, np.arange(len(known)))[0, 1]
    return bool(abs(correlation) > _CORRELATION_IN_BATCH)
