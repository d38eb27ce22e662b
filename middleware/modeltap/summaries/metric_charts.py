"""Metrics of all rows over time as charts: performance with its estimates, latency, errors."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from modeltap import clock
from modeltap.charts.line_chart import Line, LineChart, Mark, Point
from modeltap.config.metrics import CATALOGUE
from modeltap.store.metric_history import MetricPoint, metric_points, metrics_of_all_rows
from modeltap.store.models import ModelVersion
from modeltap.summaries.period import ShownPeriod
from modeltap.wording import number

ESTIMATED = "estimated_"

_OPERATION = ("latency_p95_ms", "latency_p50_ms", "error_rate", "throughput_rps")
_MOST_POINTS = 240
"""More points than this lie on top of each other."""

_ARRIVAL = ("label_coverage", "label_arrival_1h", "label_arrival_1d", "label_arrival_7d")


class MetricChart(NamedTuple):
    """A chart, and the rows behind it."""

    metric: str
    chart: LineChart
    points: list[MetricPoint]


def performance_charts(
    connection: sqlite3.Connection, of: ModelVersion, period: ShownPeriod, marks: Sequence[Mark]
) -> list[MetricChart]:
    """Return a chart for each performance metric: measured values, estimates and intervals."""
    stored = metrics_of_all_rows(connection, of)
    measured = [name for name in CATALOGUE if name in stored and _is_performance(name)]
    own = [name for name in stored if name not in CATALOGUE]
    # An estimate is drawn with its metric; without labels it is a chart of its own.
    alone = [
        name
        for name in stored
        if name.startswith(ESTIMATED) and name.removeprefix(ESTIMATED) not in measured
    ]
    charts = [
        _chart(connection, of, period, marks, name, (name, f"{ESTIMATED}{name}"))
        for name in (*measured, *own, *alone)
    ]
    return sorted((chart for chart in charts if chart.chart.lines), key=_without_alert)


def operation_charts(
    connection: sqlite3.Connection, of: ModelVersion, period: ShownPeriod, marks: Sequence[Mark]
) -> list[MetricChart]:
    """Return charts of latency, errors and throughput, which go by the wall clock."""
    charts = [_chart(connection, of, period, marks, name, (name,)) for name in _OPERATION]
    return [chart for chart in charts if chart.chart.lines]


def arrival_chart(
    connection: sqlite3.Connection, of: ModelVersion, period: ShownPeriod
) -> MetricChart | None:
    """Return the chart of labels: how many rows have one, by the time that they took."""
    points = metric_points(connection, of, _ARRIVAL, period.start_text, period.end_text)
    if not points:
        return None
    lines = [
        Line(
            name,
            "measured" if name == _ARRIVAL[0] else "other",
            thinned(list(_points(points, name))),
        )
        for name in _ARRIVAL
    ]
    chart = LineChart(
        "Labels that have arrived",
        "fraction of each window's rows: so far, and within an hour, a day and a week",
        "fraction of rows",
        period.start,
        period.end,
        [line for line in lines if line.points],
    )
    return MetricChart(_ARRIVAL[0], chart, points)


def _chart(
    connection: sqlite3.Connection,
    of: ModelVersion,
    period: ShownPeriod,
    marks: Sequence[Mark],
    metric: str,
    names: Sequence[str],
) -> MetricChart:
    points = metric_points(connection, of, names, period.start_text, period.end_text)
    lines = [
        Line(name, "estimated" if name.startswith(ESTIMATED) else "measured", own)
        for name in names
        if (own := thinned(list(_points(points, name))))
    ]
    thresholds = [p.threshold for p in points if p.metric == metric and p.threshold is not None]
    entry = CATALOGUE.get(metric)
    chart = LineChart(
        metric,
        entry.description if entry is not None else metric,
        "" if entry is None else entry.unit,
        period.start,
        period.end,
        lines,
        thresholds[-1:],
        marks,
    )
    return MetricChart(metric, chart, points)


def _points(points: Sequence[MetricPoint], metric: str) -> Iterator[Point]:
    for point in points:
        seconds = clock.parse(point.window_start)
        if point.metric != metric or point.value is None or seconds is None:
            continue
        interval = (
            "" if point.low is None else f" ({number(point.low)} to {number(point.high or 0.0)})"
        )
        verdict = "" if point.verdict in (None, "ok") else f", {point.verdict.replace('_', ' ')}"
        title = (
            f"{metric}, window from {clock.short(point.window_start)}: {number(point.value)}"
            f"{interval}, {point.rows:,} rows{verdict}"
        )
        yield Point(seconds, point.value, point.low, point.high, title, point.verdict == "alert")


def thinned(points: Sequence[Point]) -> list[Point]:
    """Return at most `_MOST_POINTS` points: of each stretch, one that alerts, or the middle one.

    >>> len(thinned([Point(n, 1.0) for n in range(5_000)]))
    240
    """
    if len(points) <= _MOST_POINTS:
        return list(points)
    edges = [round(n * len(points) / _MOST_POINTS) for n in range(_MOST_POINTS + 1)]
    stretches = [points[start:end] for start, end in pairwise(edges)]
    return [
        next((point for point in stretch if point.alerts), stretch[len(stretch) // 2])
        for stretch in stretches
    ]


def _is_performance(name: str) -> bool:
    entry = CATALOGUE.get(name)
    return (
        entry is not None
        and entry.report == "performance"
        and not name.startswith((ESTIMATED, "label_", "expected_"))
    )


def _without_alert(chart: MetricChart) -> bool:
    return not any(point.verdict == "alert" for point in chart.points)
