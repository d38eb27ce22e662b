"""Metrics of all rows over time as charts: latency, errors, and the parts that charts share."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple, TypeVar

from modeltap import clock
from modeltap.charts.line_chart import Line, LineChart, Point
from modeltap.charts.time_marks import Mark
from modeltap.config.metrics import CATALOGUE
from modeltap.store.metric_history import MetricPoint, metric_points
from modeltap.store.models import ModelVersion
from modeltap.summaries.period import ShownPeriod
from modeltap.wording import number

MOST_POINTS = 80
"""Points of a line in a picture: more lie on top of each other, and make a page large."""

_OPERATION = ("latency_p95_ms", "latency_p50_ms", "error_rate", "throughput_rps")


class MetricChart(NamedTuple):
    """A chart, and the rows behind it."""

    metric: str
    chart: LineChart
    points: Sequence[MetricPoint]


@dataclass(frozen=True)
class ChartSource:
    """The model, the period and the marks of the charts of one page.

    Attributes:
        most: the maximum number of points of a line; None for all windows.
    """

    connection: sqlite3.Connection
    of: ModelVersion
    period: ShownPeriod
    marks: Sequence[Mark] = ()
    most: int | None = MOST_POINTS

    def points(self, metric: str) -> list[MetricPoint]:
        """Return the points of a metric, in order of time."""
        start, end = self.period.start_text, self.period.end_text
        return metric_points(self.connection, self.of, metric, start, end, self.most)


_Point = TypeVar("_Point")


def thinned(
    points: Sequence[_Point], most: int, is_alert: Callable[[_Point], bool]
) -> list[_Point]:
    """Return at most `most` points: of each stretch, one that alerts, or the middle one.

    >>> thinned([1, 2, 3, 4, 5, 6], 2, lambda point: point == 1)
    [1, 5]
    """
    if len(points) <= most:
        return list(points)
    edges = [round(n * len(points) / most) for n in range(most + 1)]
    stretches = [points[start:end] for start, end in pairwise(edges)]
    return [
        next((point for point in stretch if is_alert(point)), stretch[len(stretch) // 2])
        for stretch in stretches
    ]


def operation_charts(source: ChartSource) -> list[MetricChart]:
    """Return charts of latency, errors and throughput, which go by the wall clock."""
    charts = [_chart(source, name) for name in _OPERATION]
    return [chart for chart in charts if chart.chart.lines]


def _chart(source: ChartSource, metric: str) -> MetricChart:
    points = source.points(metric)
    own = list(line_points(points))
    lines = [Line(metric, "measured", own)] if own else []
    return MetricChart(metric, chart_of(source, metric, lines, points), points)


def chart_of(
    source: ChartSource, metric: str, lines: Sequence[Line], points: Iterable[MetricPoint]
) -> LineChart:
    """Return the chart of a metric, with its description, its unit and its last threshold."""
    thresholds = [p.threshold for p in points if p.metric == metric and p.threshold is not None]
    entry = CATALOGUE.get(metric)
    return LineChart(
        metric.replace("_", " "),
        entry.description if entry is not None else metric,
        "" if entry is None else entry.unit,
        source.period.start,
        source.period.end,
        lines,
        thresholds[-1:],
        source.marks,
    )


def interval_text(low: float | None, high: float | None) -> str:
    """Return an interval as it stands behind a value; "" without one.

    >>> interval_text(0.25, 0.5), interval_text(None, 0.5)
    (' (0.25 to 0.5)', '')
    """
    return "" if low is None or high is None else f" ({number(low)} to {number(high)})"


def line_points(points: Iterable[MetricPoint], *, is_named: bool = False) -> Iterator[Point]:
    """Yield the points of a line, without those that have no value.

    Args:
        is_named: whether a point has the name of its metric, which is not that of the chart.
    """
    for point in points:
        seconds = clock.parse(point.window_start)
        if point.value is None or seconds is None:
            continue
        interval = interval_text(point.low, point.high)
        verdict = "" if point.verdict in (None, "ok") else f", {point.verdict.replace('_', ' ')}"
        name = f"{point.metric.replace('_', ' ')} " if is_named else ""
        title = (
            f"{clock.short(point.window_start)}: {name}{number(point.value)}{interval}, "
            f"{point.rows:,} rows{verdict}"
        )
        yield Point(seconds, point.value, point.low, point.high, title, point.verdict == "alert")
