"""The chart that caused an alert: its metric around it, with the threshold and its windows."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from modeltap import clock
from modeltap.charts.bar_chart import BarPair
from modeltap.charts.line_chart import WIDE, Line, LineChart, ShadedSpan
from modeltap.charts.time_marks import Mark
from modeltap.config.metrics import CATALOGUE
from modeltap.environments import with_environment
from modeltap.store.metric_history import MetricPoint, MetricSubject, points_around
from modeltap.store.models import ModelVersion
from modeltap.summaries.event_marks import event_marks
from modeltap.summaries.feature_summary import pairs_of_window
from modeltap.summaries.metric_charts import line_points

_AROUND = 40
"""Windows before an alert's first one, and from it on, that its chart shows."""


@dataclass(frozen=True)
class AlertChart:
    """The chart of an alert.

    Attributes:
        points: the rows behind the chart.
        pairs: the distribution of the alert's feature in the reference and in the alert's first
            window; empty for other alerts.
    """

    chart: LineChart
    points: list[MetricPoint]
    pairs: list[BarPair]


def alert_chart(connection: sqlite3.Connection, alert: Mapping[str, Any]) -> AlertChart | None:
    """Return the chart of an alert; None if its rule has no metric in windows, or it is gone.

    Args:
        alert: its columns, as `store.alerts` returns them.
    """
    of = ModelVersion(alert["model"], with_environment(alert["version"], alert["environment"]))
    subject = MetricSubject(alert["metric"], alert["feature"], alert["segment"])
    start, window = alert["window_start"], alert["window"]
    points = points_around(connection, of, window, subject, start, _AROUND)
    line = list(line_points(points))
    if not line:
        return None
    own = (p.window_end for p in points if start <= p.window_start <= alert["last_window_start"])
    end = max(own, default=alert["window_end"])  # a later analysis may lack the alert's windows
    first = clock.parse(min(start, points[0].window_start))
    last = clock.parse(max(end, points[-1].window_end))
    if first is None or last is None:
        return None
    entry = CATALOGUE.get(subject.metric)
    chart = LineChart(
        _title(subject),
        f"{entry.description if entry else subject.metric}; the windows of the alert are shaded, "
        f"from {clock.short(start)} to {clock.short(end)}",
        entry.unit if entry else "",
        first,
        last,
        [Line(subject.metric, "measured", line)],
        _thresholds(alert, points),
        _others(connection, of, alert["id"]),
        width=WIDE,
        spans=_span(alert, end),
    )
    pairs = pairs_of_window(connection, of, subject.feature, window, start)
    return AlertChart(chart, points, pairs)


def _title(subject: MetricSubject) -> str:
    parts = [subject.metric.replace("_", " ")]
    parts += [f"of {name}" for name in (subject.feature, subject.segment) if name]
    return " ".join(parts)


def _thresholds(alert: Mapping[str, Any], points: Sequence[MetricPoint]) -> list[float]:
    """Return the alert's threshold, or else the last one of its metric."""
    if alert["threshold"] is not None:
        return [float(alert["threshold"])]
    return [point.threshold for point in points if point.threshold is not None][-1:]


def _others(connection: sqlite3.Connection, of: ModelVersion, alert_id: str) -> list[Mark]:
    """Return the marks of other events: this alert is shaded."""
    marks = event_marks(connection, of, lambda other: other)
    return [Mark(mark.seconds, mark.letter, mark.title) for mark in marks if mark.url != alert_id]


def _span(alert: Mapping[str, Any], end: str) -> tuple[ShadedSpan, ...]:
    first, last = clock.parse(alert["window_start"]), clock.parse(end)
    if first is None or last is None:
        return ()
    title = f"{alert['rule'].replace('_', ' ')}, {clock.short(alert['window_start'])} on"
    return (ShadedSpan(first, last, title),)
