"""Metrics that a window is compared with: its estimates and drift, and those of earlier windows."""

from __future__ import annotations

import sqlite3
from typing import NamedTuple

from modeltap.store.windows import Series

_MOST_EARLIER = 200
"""Windows before that are read: a sum over them returns to 0 much earlier."""


class StoredInterval(NamedTuple):
    """A metric's value in a window and its interval; `counted` is the column `count`."""

    window_start: str
    window_end: str
    rows: int
    counted: int | None
    value: float
    low: float
    high: float


_INTERVAL = "window_start, window_end, rows, count, value, low, high"


class Drift(NamedTuple):
    """A compared feature, None for all together; `alert` is 1 if it drifted."""

    feature: str | None
    alert: int


def estimates_within(
    connection: sqlite3.Connection, series: Series, start: str, end: str, metric: str
) -> list[StoredInterval]:
    """Return an estimated metric in the windows from `start` to `end`."""
    rows = connection.execute(
        f"select {_INTERVAL} from metrics where model = ? and version = ? "
        "and window = ? and metric = ? and segment is null and value is not null "
        "and low is not null and high is not null and window_start >= ? and window_end <= ?",
        (series.model, series.version, series.window, metric, start, end),
    )
    return list(map(StoredInterval._make, rows))


def drifts_within(
    connection: sqlite3.Connection, model: str, version: str, start: str, end: str
) -> list[Drift]:
    """Return the features that were compared in windows that overlap a period."""
    rows = connection.execute(
        "select feature, max(verdict = 'alert') from metrics where model = ? and version = ? "
        "and metric in ('drift', 'multivariate_drift') and verdict in ('ok', 'alert') "
        "and window_start < ? and window_end > ? group by feature order by max(strength) desc",
        (model, version, end, start),
    )
    return list(map(Drift._make, rows))


def intervals_before(
    connection: sqlite3.Connection, series: Series, start: str, metric: str
) -> list[StoredInterval]:
    """Return a metric of the windows before `start` with the same reference, in order.

    They are the last 200 with an interval that are not in the reference.
    """
    rows = connection.execute(
        f"select {_INTERVAL} from metrics where model = ? and version = ? "
        "and window = ? and metric = ? and reference_id = ? and in_reference = 0 "
        "and feature is null and segment is null and value is not null and low is not null "
        "and high is not null and window_start < ? order by window_start desc limit ?",
        (
            series.model,
            series.version,
            series.window,
            metric,
            series.reference_id,
            start,
            _MOST_EARLIER,
        ),
    ).fetchall()
    return list(map(StoredInterval._make, reversed(rows)))
