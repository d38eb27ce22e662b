"""Metrics of segments over time."""

from __future__ import annotations

from contextlib import closing

from modeltap.store.connection import connect
from modeltap.store.models import ModelVersion
from modeltap.store.segment_history import example_ids, segment_points, segments_at_last
from stores import put_metric

OF = ModelVersion("m", "")
START, END = "2024-01-01T00:00:00.000Z", "2024-01-01T04:00:00.000Z"


def test_each_metric_in_its_last_window(tmp_path):
    """Labels arrive later: their rates are those of an earlier window."""
    with closing(connect(tmp_path / "taps.db")) as connection:
        for hour in (0, 1, 2):
            put_metric(connection, hour, "selection_rate", segment="sex=F", value=float(hour))
        put_metric(connection, 1, "tpr", segment="sex=F", value=0.5)
        put_metric(connection, 2, "tpr", value=0.9)  # of all rows
        last = segments_at_last(connection, OF, ("selection_rate", "tpr", "fpr"))
        assert [(point.metric, point.value) for point in last] == [
            ("selection_rate", 2.0),
            ("tpr", 0.5),
        ]
        points = segment_points(connection, OF, "selection_rate", START, END)
        assert [point.value for point in points] == [0.0, 1.0, 2.0]
        assert segments_at_last(connection, OF, ("tpr",), end=START) == []


def test_examples_are_ids():
    assert example_ids('["a", "b"]') == ["a", "b"] and example_ids(None) == []
