"""All charts of a model, whatever its store has."""

from __future__ import annotations

import re
from contextlib import closing

import pytest

from modeltap.dashboard.model_page import draw_charts
from modeltap.store.connection import connect
from modeltap.store.models import ModelVersion
from modeltap.summaries.model_charts import charts_of_model, figures_of
from modeltap.summaries.period import period_of
from stores import put_metric

OF = ModelVersion("m", "")


def test_events_are_marks_of_every_chart(reader, whole):
    charts = charts_of_model(reader, OF, whole)
    assert charts.marks and charts.drift.chart.marks == charts.marks
    lines = [own.chart for own in (*charts.performance.charts, charts.arrival)]
    assert all(chart.marks == charts.marks for chart in lines)


def test_the_worst_slices_are_those_of_the_last_window_that_has_any(tmp_path):
    with closing(connect(tmp_path / "taps.db")) as connection:
        for hour in (0, 1, 2):
            put_metric(connection, hour, "mae")
            put_metric(connection, hour, "throughput_rps")
        put_metric(connection, 0, "slice_error", segment="x >= 5")
        put_metric(connection, 1, "slice_error", segment="y = 'a'", examples='["e1", "e2"]')
        charts = charts_of_model(connection, OF, period_of(connection, OF))
        assert [point.segment for point in charts.slices] == ["y = 'a'"]
        drawn, _ = draw_charts(charts)
        assert drawn["slices"][0][1] == ["e1", "e2"]


@pytest.mark.parametrize("metric", ["drift", "mae", "latency_p95_ms", "gap_seconds"])
@pytest.mark.parametrize("value", [None, 0.0, float("inf"), -1e308, 1e308])
def test_one_window_of_one_metric_with_any_value(tmp_path, metric, value):
    """Is drawn, or left out."""
    with closing(connect(tmp_path / "taps.db")) as connection:
        feature = "x" if metric == "drift" else None
        put_metric(connection, 0, metric, value=value, feature=feature, strength=value)
        put_metric(connection, 0, "throughput_rps")
        drawn, _ = draw_charts(charts_of_model(connection, OF, period_of(connection, OF)))
        pictures = [svg for _, svg in drawn["performance"] + drawn["operation"]]
        for picture in (drawn["heat_map"], *pictures):
            assert not re.search(r'="[^"]*\b(nan|inf)\b', picture.lower())


def test_last_values_for_pipelines(tmp_path):
    """With the estimate of a later window, which has no labels yet."""
    with closing(connect(tmp_path / "taps.db")) as connection:
        put_metric(connection, 0, "mae", value=2.0, low=1.0, high=3.0)
        put_metric(connection, 0, "drift", feature="x")
        put_metric(connection, 1, "drift", feature="x")
        put_metric(connection, 1, "estimated_mae", value=5.0)
        put_metric(connection, 1, "slice_error", segment="x > 3", value=float("inf"))
        gap = {"segment": "sex", "verdict": "alert"}
        put_metric(connection, 0, "mae_difference", value=0.5, **gap)
        figures = figures_of(charts_of_model(connection, OF, period_of(connection, OF)))
    (mae,) = figures["performance"]
    assert (mae["value"], mae["low"], mae["estimate"]) == (2.0, 1.0, 5.0)
    assert mae["estimate_window_start"] > mae["window_start"]
    assert [(row["slice"], row["value"]) for row in figures["slices"]] == [("x > 3", None)]
    assert [(row["grouping"], row["verdict"]) for row in figures["gaps"]] == [("sex", "alert")]
    assert figures_of(None)["performance"] == []
