"""Charts of metrics: a line is what the table `metrics` has."""

from __future__ import annotations

from modeltap.store.models import ModelVersion
from modeltap.summaries.metric_charts import arrival_chart, operation_charts, performance_charts

OF = ModelVersion("m", "")


def test_each_window_is_a_point_with_its_interval(reader, whole):
    charts = {chart.metric: chart for chart in performance_charts(reader, OF, whole, [])}
    (measured, *_) = charts["mae"].chart.lines
    stored = reader.execute(
        "select value, low, high from metrics where metric = 'mae' and segment is null "
        "and value is not null order by window_start"
    ).fetchall()
    assert [(p.value, p.low, p.high) for p in measured.points] == [tuple(row) for row in stored]
    assert any(point.alerts for point in measured.points)
    assert all(chart.chart.lines for chart in charts.values())


def test_what_alerts_is_first(reader, whole):
    charts = performance_charts(reader, OF, whole, [])
    verdicts = [any(p.verdict == "alert" for p in chart.points) for chart in charts]
    assert verdicts == sorted(verdicts, reverse=True)


def test_labels_and_operation(reader, whole):
    """Imported rows have labels at once, and no latency."""
    arrival = arrival_chart(reader, OF, whole)
    assert max(point.value for point in arrival.points if point.value is not None) == 1.0
    assert operation_charts(reader, OF, whole, []) == []
