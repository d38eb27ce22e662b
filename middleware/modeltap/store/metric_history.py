"""Metrics over time, as charts need them: the worst of each period, and lines."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from typing import Any, NamedTuple

from modeltap.store.metrics import metrics_in_store
from modeltap.store.models import ModelVersion

_IN_ALL_WINDOWS = ("gap_seconds", "throughput_rps", "drift")
"""Metrics that every window of rows or of requests has."""


_ROWS_OF_A_WINDOW = 500
"""Rows of one metric, of which one is about all rows: a metric may also have many segments."""


class MetricSpan(NamedTuple):
    """The start of a model's first window with metrics, and the end of its last."""

    start: str
    end: str


def metric_span(connection: sqlite3.Connection, of: ModelVersion) -> MetricSpan | None:
    """Return the span of a model's metrics; None if there are none."""
    spans = []
    for metric in _IN_ALL_WINDOWS:
        first, last = (
            connection.execute(
                "select window_start, window_end from metrics where metric = ? and model = ? "
                f"and version = ? order by window_end {order} limit 1",
                (metric, *of),
            ).fetchone()
            for order in ("asc", "desc")
        )
        if first is not None:
            spans.append(MetricSpan(first[0], last[1]))
    if not spans:
        return None
    return MetricSpan(min(span.start for span in spans), max(span.end for span in spans))


class WorstCell(NamedTuple):
    """The worst window of a feature in a period.

    Attributes:
        column: the number of the period, from 0.
        window: the window's length.
        window_start: when the worst window starts.
        alerts: the number of windows with the verdict `alert`.
        strength: the largest effect divided by its floor; None without a test.
        verdict: of the worst window.
    """

    feature: str
    column: int
    window: str
    window_start: str
    windows: int
    alerts: int
    strength: float | None
    value: float | None
    verdict: str | None


def count_drift_windows(
    connection: sqlite3.Connection, of: ModelVersion, start: str, end: str
) -> int:
    """Return the number of windows with results of features that start in a half-open period."""
    return int(
        connection.execute(
            "select count(distinct window_start) from metrics where model = ? and version = ? "
            "and metric = 'drift' and window_start >= ? and window_start < ?",
            (*of, start, end),
        ).fetchone()[0]
    )


def worst_cells(
    connection: sqlite3.Connection,
    of: ModelVersion,
    start: str,
    end: str,
    seconds: float,
) -> list[WorstCell]:
    """Return the drift of each feature in the periods of `seconds` from `start` to `end`.

    SQLite takes the other columns of a row from the one with the maximum.
    """
    rows = connection.execute(
        "select feature, cast((strftime('%s', window_start) - strftime('%s', :start)) / :seconds "
        "as integer) as place, \"window\", window_start, count(*), sum(verdict is 'alert'), "
        "strength, value, verdict, max((verdict is 'alert') * 1e9 + ifnull(strength, -1)) "
        "from metrics where model = :model and version = :version and metric = 'drift' "
        "and window_start >= :start and window_start < :end and segment is null "
        "group by feature, place order by feature, place",
        {**of._asdict(), "start": start, "end": end, "seconds": seconds},
    )
    return [WorstCell(*row[:-1]) for row in rows]


class MetricPoint(NamedTuple):
    """A metric of all rows in a window."""

    metric: str
    window: str
    window_start: str
    window_end: str
    rows: int
    value: float | None
    low: float | None
    high: float | None
    threshold: float | None
    verdict: str | None
    explanation: str | None
    in_reference: int


def metric_points(
    connection: sqlite3.Connection,
    of: ModelVersion,
    metrics: Sequence[str],
    start: str,
    end: str,
    *,
    segment: str | None = None,
    feature: str | None = None,
) -> list[MetricPoint]:
    """Return these metrics of the windows that start in a half-open period, in order of time."""
    rows = connection.execute(
        f"select {', '.join(MetricPoint._fields)} from metrics where model = ? and version = ? "
        "and metric in (select value from json_each(?)) and window_start >= ? and window_start < ? "
        "and feature is ? and segment is ? order by window_start, metric",
        (*of, json.dumps(list(metrics)), start, end, feature, segment),
    )
    return [MetricPoint(*row) for row in rows]


def metrics_of_all_rows(connection: sqlite3.Connection, of: ModelVersion) -> list[str]:
    """Return the names of a model's metrics of all rows, neither by feature nor by segment."""
    return [
        name
        for name in metrics_in_store(connection)
        if connection.execute(
            "select 1 from (select feature, segment from metrics where metric = ? and model = ? "
            "and version = ? order by window_end desc limit ?) "
            "where feature is null and segment is null",
            (name, *of, _ROWS_OF_A_WINDOW),
        ).fetchone()
    ]


def last_metrics(
    connection: sqlite3.Connection, of: ModelVersion, metrics: Sequence[str]
) -> dict[str, float]:
    """Return the last known values of metrics of all rows, by metric."""
    values = {}
    for metric in metrics:
        row = connection.execute(
            "select value from metrics where model = ? and version = ? and metric = ? "
            "and feature is null and segment is null and value is not null "
            "order by window_end desc limit 1",
            (*of, metric),
        ).fetchone()
        if row is not None:
            values[metric] = float(row[0])
    return values


def groups_at_last(
    connection: sqlite3.Connection, of: ModelVersion, metrics: Sequence[str]
) -> list[dict[str, Any]]:
    """Return metrics by segment in the last window that has any."""
    rows = connection.execute(
        "select metric, segment, rows, value, low, high, threshold, verdict, explanation, "
        "window_start, window_end from metrics where model = :model and version = :version "
        "and metric in (select value from json_each(:metrics)) and segment is not null "
        "and feature is null and window_start = (select max(window_start) from metrics "
        "where model = :model and version = :version and feature is null "
        "and metric in (select value from json_each(:metrics)) and segment is not null) "
        "order by segment, metric",
        {**of._asdict(), "metrics": json.dumps(list(metrics))},
    )
    return [dict(row) for row in rows]


def last_drift(connection: sqlite3.Connection, of: ModelVersion) -> dict[str, float]:
    """Return the drift of each feature in a model's last window, by feature."""
    rows = connection.execute(
        "select feature, value from metrics where metric = 'drift' and model = :model "
        "and version = :version and segment is null and value is not null and window_end = "
        "(select max(window_end) from metrics where metric = 'drift' and model = :model "
        "and version = :version)",
        of._asdict(),
    )
    return {feature: float(value) for feature, value in rows}
