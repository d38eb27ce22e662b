"""Charts of performance: truth and estimates in one picture, and the arrival of labels."""

from __future__ import annotations

from contextlib import closing

import pytest

from modeltap.store.connection import connect
from modeltap.store.models import ModelVersion
from modeltap.summaries.metric_charts import ChartSource
from modeltap.summaries.performance_charts import arrival_chart, performance_charts
from modeltap.summaries.period import period_of
from stores import put_metric

OF = ModelVersion("m", "")


@pytest.fixture
def source(reader, whole):
    """The charts of the store with drift."""
    return ChartSource(reader, OF, whole)


@pytest.fixture
def partly_labelled(tmp_path):
    """Windows whose labels arrive: the first has all, the second some, the last none."""
    with closing(connect(tmp_path / "taps.db")) as connection:
        for hour, coverage in enumerate((1.0, 0.4, 0.0)):
            put_metric(connection, hour, "drift", feature="x")
            put_metric(connection, hour, "label_coverage", value=coverage)
            put_metric(connection, hour, "expected_error", value=0.1, low=0.05, high=0.2)
            corrected = {"count": 40, "low": 0.7, "high": 0.9} if hour == 1 else {}
            put_metric(connection, hour, "estimated_accuracy", value=0.8, **corrected)
            put_metric(connection, hour, "estimated_f1_macro", value=0.6, **corrected)
            if coverage:
                put_metric(connection, hour, "accuracy", value=0.75, low=0.7, high=0.8)
        yield ChartSource(connection, OF, period_of(connection, OF))


def test_each_window_is_a_point_with_its_interval(source, reader):
    charts = {chart.metric: chart for chart in performance_charts(source).charts}
    (measured, *_) = charts["mae"].chart.lines
    stored = reader.execute(
        "select value, low, high from metrics where metric = 'mae' and segment is null "
        "and value is not null order by window_start"
    ).fetchall()
    assert [(p.value, p.low, p.high) for p in measured.points] == [tuple(row) for row in stored]
    assert any(point.alerts for point in measured.points)
    assert all(chart.chart.lines for chart in charts.values())


def test_truth_and_both_estimates_in_one_picture(partly_labelled):
    """And the fraction of rows with a label below them."""
    charts = {own.metric: own.chart for own in performance_charts(partly_labelled).charts}
    lines = {line.kind: line.points for line in charts["accuracy"].lines}
    assert {kind: len(points) for kind, points in lines.items()} == {
        "measured": 2,
        "estimated": 3,
        "corrected": 1,
    }
    first = lines["estimated"][0]
    assert (first.value, first.low, first.high) == pytest.approx((0.9, 0.8, 0.95))
    assert [cell.fraction for cell in charts["accuracy"].strip] == [1.0, 0.4, 0.0]


def test_an_estimate_without_its_metric_is_a_chart(partly_labelled):
    charts = {own.metric: own.chart for own in performance_charts(partly_labelled).charts}
    assert [line.kind for line in charts["estimated_f1_macro"].lines] == ["measured"]


def test_alerts_first_and_one_metric_on_request(source):
    made = performance_charts(source)
    assert made.charts[0].metric == "mae" and len(made.charts) <= 6
    assert {point.metric for point in made.last} > {chart.metric for chart in made.charts}
    assert [own.metric for own in performance_charts(source, "mape").charts] == ["mape"]
    assert performance_charts(source, "nothing").charts == []


def test_labels_that_arrived(source):
    """Imported rows have labels at once."""
    arrival = arrival_chart(source)
    assert max(point.value for point in arrival.points if point.value is not None) == 1.0
    kinds = [line.kind for line in arrival.chart.lines]
    assert len(set(kinds)) == len(kinds)
