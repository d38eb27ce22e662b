"""Performance over time as charts: truth, estimates, corrected estimates, and arrived labels."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import NamedTuple

from modeltap import clock
from modeltap.charts.line_chart import Line, LineChart, LineKind, Point, StripCell
from modeltap.config.metrics import CATALOGUE, ESTIMATED, has_verdict
from modeltap.store.metric_history import MetricPoint, last_points, metrics_of_all_rows
from modeltap.store.models import ModelVersion
from modeltap.store.version_alerts import alerts_of_version
from modeltap.summaries.metric_charts import ChartSource, MetricChart, chart_of, line_points

_MOST_CHARTS = 6
"""Pictures of metrics; the others are rows of a table with their last values."""

_MOST_CELLS = 40
"""Columns of the strip of label coverage."""

_EXPECTED_ERROR = "expected_error"
_WITHOUT_LABELS = ("accuracy", "mae")
"""Metrics whose estimate without any label is kept, as `expected_error` or one less it."""

_COVERAGE = "label_coverage"
_ARRIVAL: tuple[tuple[str, str, LineKind], ...] = (
    (_COVERAGE, "so far", "measured"),
    ("label_arrival_7d", "within a week", "first"),
    ("label_arrival_1d", "within a day", "second"),
    ("label_arrival_1h", "within an hour", "third"),
)


@dataclass(frozen=True)
class PerformanceCharts:
    """The charts of the most important metrics, and the last values of all.

    Attributes:
        estimates: the last estimates of metrics that are measured, too, by metric.
    """

    charts: list[MetricChart]
    last: list[MetricPoint]
    estimates: dict[str, MetricPoint]


def performance_charts(source: ChartSource, asked: str | None = None) -> PerformanceCharts:
    """Return a chart of each of the most important metrics.

    A chart has the measured value, the estimate without labels and the estimate that the labels so
    far corrected, each with its interval, and the fraction of rows that have a label. Metrics with
    alerts in the period are first, then those with a verdict.

    Args:
        asked: the metric to draw, instead of the most important ones.
    """
    names = _names(source)
    drawn = [name for name in names if name == asked] if asked else names[:_MOST_CHARTS]
    coverage = list(_coverage_cells(source.points(_COVERAGE)))
    charts = [_performance_chart(source, name, coverage) for name in drawn]
    shown = [chart for chart in charts if chart.chart.lines]
    estimates = _last(source, [ESTIMATED + name for name in names])
    by_metric = {point.metric.removeprefix(ESTIMATED): point for point in estimates}
    return PerformanceCharts(shown, _last(source, names), by_metric)


def _last(source: ChartSource, metrics: Sequence[str]) -> list[MetricPoint]:
    return last_points(source.connection, source.of, metrics, source.period.end_text)


def _names(source: ChartSource) -> list[str]:
    """Return the names of performance metrics, the most important first."""
    stored = metrics_of_all_rows(source.connection, source.of)
    measured = [name for name in CATALOGUE if name in stored and _is_performance(name)]
    own = [name for name in stored if name not in CATALOGUE]
    # An estimate is drawn with its metric; without labels it is a chart of its own.
    alone = [
        name
        for name in stored
        if name.startswith(ESTIMATED) and name.removeprefix(ESTIMATED) not in measured
    ]
    alerting = _with_alerts(source.connection, source.of, source.period.start_text)
    estimated = {name.removeprefix(ESTIMATED) for name in stored if name.startswith(ESTIMATED)}
    return sorted(
        (*measured, *own, *alone),
        key=lambda name: (name not in alerting, name not in estimated, not has_verdict(name)),
    )


def _with_alerts(connection: sqlite3.Connection, of: ModelVersion, since: str) -> set[str]:
    return {
        alert["metric"]
        for alert in alerts_of_version(connection, *of)
        if alert["resolved_at"] is None or alert["resolved_at"] >= since
    }


def _is_performance(name: str) -> bool:
    entry = CATALOGUE.get(name)
    return (
        entry is not None
        and entry.report == "performance"
        and not name.startswith((ESTIMATED, "label_", "expected_", "loss_from_", "slice_"))
    )


def _performance_chart(
    source: ChartSource, metric: str, coverage: Sequence[StripCell]
) -> MetricChart:
    measured = source.points(metric)
    parts = _estimates(source, metric)
    named = (
        Line(metric.replace("_", " "), "measured", list(line_points(measured))),
        Line(
            "estimated without labels",
            "estimated",
            _named_points(parts.without_labels),
        ),
        Line(
            "corrected by labels so far",
            "corrected",
            _named_points(parts.corrected),
        ),
    )
    lines = [line for line in named if line.points]
    points = [*measured, *parts.without_labels, *parts.corrected]
    chart = chart_of(source, metric, lines, points)
    if lines and coverage:
        chart = replace(chart, strip=coverage, strip_name="labels", height=chart.height + 22)
    return MetricChart(metric, chart, sorted(points, key=lambda p: (p.window_start, p.metric)))


def _named_points(points: Sequence[MetricPoint]) -> list[Point]:
    return list(line_points(points, is_named=True))


class _Estimates(NamedTuple):
    without_labels: list[MetricPoint]
    corrected: list[MetricPoint]


def _estimates(source: ChartSource, metric: str) -> _Estimates:
    """Return the estimates of a metric: without labels, and corrected by those that arrived."""
    stored = [] if metric.startswith(ESTIMATED) else source.points(ESTIMATED + metric)
    corrected = [point for point in stored if point.numerator is not None]
    if metric in _WITHOUT_LABELS:
        expected = source.points(_EXPECTED_ERROR)
        if expected:
            shown = expected if metric == "mae" else map(_as_accuracy, expected)
            return _Estimates(list(shown), corrected)
    return _Estimates([point for point in stored if point.numerator is None], corrected)


def _as_accuracy(point: MetricPoint) -> MetricPoint:
    """Return the accuracy of an expected fraction of errors."""
    value, low, high = (
        None if own is None else 1 - own for own in (point.value, point.high, point.low)
    )
    return point._replace(metric=f"{ESTIMATED}accuracy", value=value, low=low, high=high)


def _coverage_cells(points: Sequence[MetricPoint]) -> Iterator[StripCell]:
    """Yield the mean coverage of each stretch of windows."""
    known = [point for point in points if point.value is not None]
    size = max(1, -(-len(known) // _MOST_CELLS))
    for _, group in groupby(enumerate(known), key=lambda place: place[0] // size):
        stretch = [point for _, point in group]
        seconds = clock.parse(stretch[0].window_start)
        if seconds is None:
            continue
        mean = sum(point.value or 0.0 for point in stretch) / len(stretch)
        yield StripCell(seconds, mean, clock.short(stretch[0].window_start))


def arrival_chart(source: ChartSource) -> MetricChart | None:
    """Return the chart of labels: how many rows have one, by the time that they took."""
    points: list[MetricPoint] = []
    lines: list[Line] = []
    for metric, name, kind in _ARRIVAL:
        own = source.points(metric)
        points += own
        drawn = list(line_points(own))
        if drawn:
            lines.append(Line(name, kind, drawn))
    if not lines:
        return None
    chart = LineChart(
        "Labels that have arrived",
        "fraction of each window's rows with a label: so far, and within a week, a day and an hour "
        "of the prediction",
        "fraction of rows",
        source.period.start,
        source.period.end,
        lines,
        marks=source.marks,
        limits=(0.0, 1.0),
    )
    points.sort(key=lambda point: (point.window_start, point.metric))
    return MetricChart(_COVERAGE, chart, points)
