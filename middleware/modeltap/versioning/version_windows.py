"""The metrics of the windows before and after a change of version.

A metric is averaged over the windows of each side. The intervals are Student's, from the variation
between windows: 99 % for each side, and for the difference Welch's (1947), at 99 % for all metrics
together (Bonferroni). They take windows as independent, which hours of the same day are not, so
that few windows on one side, or a side without a weekend, may differ for other reasons.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import scipy.special

from modeltap.versioning.version_result import VersionMetric

_ALPHA = 0.01
"""The chance that an interval misses, of each side and of all differences together."""

_FEWEST = 2
"""Fewer windows have no variation."""


class MetricName(NamedTuple):
    """A metric of a column and a group of rows, in windows of one length."""

    metric: str
    feature: str | None
    segment: str | None
    window: str


def window_differences(
    before: Iterable[Mapping[str, Any]], after: Iterable[Mapping[str, Any]]
) -> list[VersionMetric]:
    """Return the differences of the metrics that windows of both sides have, the largest first.

    Args:
        before, after: rows of `metrics` (`store.versions.window_values`).

    >>> sides = [[{"metric": "mae", "feature": None, "segment": None, "window": "1h", "value": v}
    ...           for v in values] for values in ((1.0, 1.2, 1.1), (2.0, 2.2, 2.1))]
    >>> row = window_differences(*sides)[0]
    >>> round(row.before, 1), round(row.after, 1), row.has_changed
    (1.1, 2.1, True)
    """
    sides = _by_metric(before), _by_metric(after)
    common = [name for name in sides[0] if name in sides[1]]
    rows = [
        _compared(name, np.array(sides[0][name]), np.array(sides[1][name]), len(common))
        for name in common
    ]
    return sorted(rows, key=_size, reverse=True)


def _by_metric(rows: Iterable[Mapping[str, Any]]) -> dict[MetricName, list[float]]:
    values: dict[MetricName, list[float]] = {}
    for row in rows:
        name = MetricName(row["metric"], row["feature"], row["segment"], row["window"])
        values.setdefault(name, []).append(float(row["value"]))
    return values


def _compared(
    name: MetricName, before: np.ndarray, after: np.ndarray, comparisons: int
) -> VersionMetric:
    sides = [_mean_interval(side) for side in (before, after)]
    difference = float(after.mean() - before.mean())
    reach = _welch(before, after, _ALPHA / max(1, comparisons))
    return VersionMetric(
        metric=name.metric,
        feature=name.feature,
        segment=name.segment,
        of="windows",
        before=float(before.mean()),
        before_low=sides[0][0],
        before_high=sides[0][1],
        before_count=len(before),
        after=float(after.mean()),
        after_low=sides[1][0],
        after_high=sides[1][1],
        after_count=len(after),
        difference=difference,
        low=None if reach is None else difference - reach,
        high=None if reach is None else difference + reach,
    )


def _mean_interval(values: np.ndarray) -> tuple[float | None, float | None]:
    if len(values) < _FEWEST:
        return None, None
    quantile = float(scipy.special.stdtrit(len(values) - 1, 1 - _ALPHA / 2))
    reach = quantile * float(values.std(ddof=1)) / math.sqrt(len(values))
    return float(values.mean()) - reach, float(values.mean()) + reach


def _welch(before: np.ndarray, after: np.ndarray, alpha: float) -> float | None:
    """Return half of Welch's interval of the difference; None with too few windows."""
    if min(len(before), len(after)) < _FEWEST:
        return None
    parts = [float(side.var(ddof=1)) / len(side) for side in (before, after)]
    variance = sum(parts)
    if variance == 0:
        return 0.0
    freedom = variance**2 / sum(
        part**2 / (len(side) - 1) for part, side in zip(parts, (before, after), strict=True)
    )
    return float(scipy.special.stdtrit(freedom, 1 - alpha / 2)) * math.sqrt(variance)


def _size(row: VersionMetric) -> tuple[bool, float]:
    """Return the order of a row: changed ones first, then by difference in units of its reach."""
    if row.low is None or row.high is None or row.difference is None:
        return False, 0.0
    reach = (row.high - row.low) / 2
    if reach == 0:
        return row.has_changed, math.inf if row.difference else 0.0
    return row.has_changed, abs(row.difference) / reach


def names_of(rows: Sequence[VersionMetric]) -> set[str]:
    """Return the metrics of whole models in `rows`."""
    return {row.metric for row in rows if row.feature is None and row.segment is None}
