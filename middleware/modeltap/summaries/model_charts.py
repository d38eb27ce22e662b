"""All charts of a model's version in a period."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from modeltap.charts.time_marks import Mark
from modeltap.store.models import ModelVersion
from modeltap.store.segment_history import SegmentPoint, segments_at_last
from modeltap.summaries.drift_map import CellUrl, DriftMap, drift_map
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
    cell_url: CellUrl = lambda _feature, _start: None,
    alert_url: AlertUrl = lambda _alert: None,
    *,
    metric: str | None = None,
    most: int | None = MOST_POINTS,
) -> ModelCharts:
    """Return the charts of a model in a period.

    Args:
        cell_url, alert_url: the pages that charts link to; without them, as reports need it.
        metric: the performance metric to draw, instead of the most important ones.
        most: the maximum number of points of a line; None for all windows.
    """
    marks = event_marks(connection, of, alert_url)
    source = ChartSource(connection, of, period, marks, most)
    start, end = period.start_text, period.end_text
    return ModelCharts(
        marks,
        drift_map(connection, of, period, cell_url, marks),
        performance_charts(source, metric),
        arrival_chart(source),
        group_charts(source),
        segments_at_last(connection, of, ("slice_error",), start, end),
        operation_charts(source),
    )
