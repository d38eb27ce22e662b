"""All charts of a model's version in a period, and their last values."""

from __future__ import annotations

import math
import sqlite3
from dataclasses import dataclass
from typing import Any

from modeltap.charts.time_marks import Mark
from modeltap.store.metric_history import MetricPoint
from modeltap.store.models import ModelVersion
from modeltap.store.segment_history import SegmentPoint, example_ids, segments_at_last
from modeltap.summaries.drift_map import DriftMap, MapLinks, drift_map
from modeltap.summaries.event_marks import AlertUrl, event_marks
from modeltap.summaries.group_charts import GroupCharts, group_charts
from modeltap.summaries.metric_charts import (
    MOST_POINTS,
    ChartSource,
    MetricChart,
    operation_charts,
)
from modeltap.summaries.performance_charts import (
    PerformanceCharts,
    arrival_chart,
    performance_charts,
)
from modeltap.summaries.period import ShownPeriod

_FIGURES = ("performance", "gaps", "slices", "lost")


@dataclass(frozen=True)
class ModelCharts:
    """The charts of a model.

    Attributes:
        slices: `slice_error` of the worst slices, in the last window that has any.
    """

    marks: list[Mark]
    drift: DriftMap
    performance: PerformanceCharts
    arrival: MetricChart | None
    groups: GroupCharts | None
    slices: list[SegmentPoint]
    operation: list[MetricChart]


def charts_of_model(
    connection: sqlite3.Connection,
    of: ModelVersion,
    period: ShownPeriod,
    links: MapLinks | None = None,
    alert_url: AlertUrl = lambda _alert: None,
    *,
    metric: str | None = None,
    most: int | None = MOST_POINTS,
    has_all_features: bool = False,
) -> ModelCharts:
    """Return the charts of a model in a period.

    Args:
        links, alert_url: the pages that charts link to; without them, as reports need it.
        metric: the performance metric to draw, instead of the most important ones.
        most: the maximum number of points of a line; None for all windows.
        has_all_features: whether `drift` has the cells of features that its map leaves out.
    """
    marks = event_marks(connection, of, alert_url)
    source = ChartSource(connection, of, period, marks, most)
    start, end = period.start_text, period.end_text
    return ModelCharts(
        marks,
        drift_map(connection, of, period, links, marks, is_whole=has_all_features),
        performance_charts(source, metric),
        arrival_chart(source),
        group_charts(source),
        segments_at_last(connection, of, ("slice_error",), start, end),
        operation_charts(source),
    )


def figures_of(charts: ModelCharts | None) -> dict[str, Any]:
    """Return the last values of performance, gaps between groups, and worst slices, as rows.

    Values that are not finite are None. `lost` is the loss of performance that goes with the drift
    of each feature.
    """
    if charts is None:
        return {name: {} if name == "lost" else [] for name in _FIGURES}
    estimates = charts.performance.estimates
    gaps = [] if charts.groups is None else [own.points[-1] for own in charts.groups.gaps]
    return {
        "performance": [
            _performance(point, estimates.get(point.metric)) for point in charts.performance.last
        ],
        "gaps": [_gap(point) for point in gaps],
        "slices": [_slice(point) for point in charts.slices],
        "lost": charts.drift.lost,
    }


def _performance(point: MetricPoint, estimate: MetricPoint | None) -> dict[str, Any]:
    return {
        "metric": point.metric,
        "window_start": point.window_start,
        "rows": point.rows,
        "value": _finite(point.value),
        "low": _finite(point.low),
        "high": _finite(point.high),
        "estimate": None if estimate is None else _finite(estimate.value),
        "estimate_window_start": None if estimate is None else estimate.window_start,
        "verdict": point.verdict,
    }


def _gap(point: SegmentPoint) -> dict[str, Any]:
    return {
        "metric": point.metric,
        "grouping": point.segment,
        "window_start": point.window_start,
        "rows": point.rows,
        "value": _finite(point.value),
        "low": _finite(point.low),
        "high": _finite(point.high),
        "verdict": point.verdict,
    }


def _slice(point: SegmentPoint) -> dict[str, Any]:
    return {
        "slice": point.segment,
        "window_start": point.window_start,
        "rows": point.rows,
        "value": _finite(point.value),
        "low": _finite(point.low),
        "high": _finite(point.high),
        "p_value": _finite(point.p_value),
        "examples": example_ids(point.examples),
    }


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None
