"""Metrics of all rows over time."""

from __future__ import annotations

from contextlib import closing

import pytest

from modeltap.store.connection import connect
from modeltap.store.metric_history import (
    MetricSubject,
    count_points,
    last_metrics,
    last_points,
    metric_points,
    metric_span,
    metrics_of_all_rows,
    points_around,
)
from modeltap.store.models import ModelVersion
from stores import put_metric

OF = ModelVersion("m", "")
START, END = "2024-01-01T00:00:00.000Z", "2024-01-01T04:00:00.000Z"
LATER = "2024-01-09T00:00:00.000Z"


@pytest.fixture
def filled(tmp_path):
    with closing(connect(tmp_path / "taps.db")) as connection:
        put_metric(connection, 0, "mae")
        put_metric(connection, 1, "mae", verdict="alert")
        put_metric(connection, 1, "tpr", segment="sex=F")
        put_metric(connection, 0, "drift", feature="x")
        put_metric(connection, 3, "drift", feature="x")
        yield connection


def test_lines_and_last_values(filled):
    assert [p.value for p in metric_points(filled, OF, "mae", START, END)] == [0.0, 1.0]
    assert metric_points(filled, OF, "mae", END, END) == []
    assert metrics_of_all_rows(filled, OF) == ["mae"]
    assert last_metrics(filled, OF, ("mae", "rmse")) == {"mae": 1.0}
    assert [p.value for p in last_points(filled, OF, ("mae", "rmse", "tpr"), END)] == [1.0]
    assert metric_span(filled, OF) == (START, END)
    assert metric_span(filled, ModelVersion("n", "")) is None


@pytest.mark.parametrize("most", [1, 2, 7, 50])
def test_many_windows_are_thinned_and_alerts_stay(tmp_path, most):
    """At most as many points as asked for, in order; a window that alerts stands for its part."""
    with closing(connect(tmp_path / "taps.db")) as connection:
        for hour in range(192):
            verdict = "alert" if hour == 100 else "ok"
            put_metric(connection, hour, "mae", verdict=verdict)
        points = metric_points(connection, OF, "mae", START, LATER, most)
        assert 1 <= len(points) <= most
        assert sum(point.verdict == "alert" for point in points) == 1
        starts = [point.window_start for point in points]
        assert starts == sorted(starts)
        assert count_points(connection, OF, "mae", START, LATER) == 192
        assert len(metric_points(connection, OF, "mae", START, LATER, 192)) == 192


def test_the_windows_around_a_time(filled):
    subject = MetricSubject("drift", "x", None)
    points = points_around(filled, OF, "1h", subject, "2024-01-01T03:00:00.000Z", 9)
    assert [point.value for point in points] == [0.0, 3.0]
    segment = MetricSubject("tpr", None, "sex=F")
    assert len(points_around(filled, OF, "1h", segment, START, 9)) == 1
    assert points_around(filled, OF, "1d", segment, START, 9) == []
