"""Metrics over time."""

from __future__ import annotations

from contextlib import closing

import pytest

from modeltap.store.connection import connect
from modeltap.store.metric_history import (
    groups_at_last,
    last_metrics,
    metric_points,
    metric_span,
    metrics_of_all_rows,
    worst_cells,
)
from modeltap.store.models import ModelVersion

OF = ModelVersion("m", "")
START, END = "2024-01-01T00:00:00.000Z", "2024-01-01T04:00:00.000Z"


@pytest.fixture
def filled(tmp_path):
    with closing(connect(tmp_path / "taps.db")) as connection:
        for hour, strength, verdict in ((0, 0.5, "ok"), (1, 9.0, "ok"), (2, 2.0, "alert")):
            _add(connection, hour, "drift", strength, verdict, "x")
        _add(connection, 3, "drift", None, "not_comparable", "x")
        _add(connection, 0, "mae", None, "ok", None)
        _add(connection, 1, "mae", None, "alert", None)
        _add(connection, 1, "tpr", None, None, None, "sex=F")
        yield connection


def _add(connection, hour, metric, strength, verdict, feature, segment=None):
    connection.execute(
        "insert into metrics (model, window, window_start, window_end, rows, metric, feature, "
        "segment, value, strength, verdict, computed_at) values ('m', '1h', ?, ?, 9, ?, ?, ?, ?, "
        "?, ?, '')",
        (
            f"2024-01-01T{hour:02d}:00:00.000Z",
            f"2024-01-01T{hour + 1:02d}:00:00.000Z",
            metric,
            feature,
            segment,
            float(hour),
            strength,
            verdict,
        ),
    )


def test_an_alert_is_worse_than_any_strength(filled):
    """Also if a window without an alert has the larger effect."""
    (first, second) = worst_cells(filled, OF, START, END, 3 * 3600)
    assert (first.window_start[11:13], first.windows, first.alerts) == ("02", 3, 1)
    assert (second.verdict, second.strength) == ("not_comparable", None)


def test_each_window_is_a_cell_of_its_own(filled):
    cells = worst_cells(filled, OF, START, END, 3600)
    assert [(cell.column, cell.strength) for cell in cells] == [
        (0, 0.5),
        (1, 9.0),
        (2, 2.0),
        (3, None),
    ]


def test_lines_and_last_values(filled):
    assert [p.value for p in metric_points(filled, OF, ("mae",), START, END)] == [0.0, 1.0]
    assert metric_points(filled, OF, ("mae",), END, END) == []
    assert metrics_of_all_rows(filled, OF) == ["mae"]
    assert last_metrics(filled, OF, ("mae", "rmse")) == {"mae": 1.0}
    assert metric_span(filled, OF) == (START, END)
    assert metric_span(filled, ModelVersion("n", "")) is None
    assert [row["segment"] for row in groups_at_last(filled, OF, ("tpr", "fpr"))] == ["sex=F"]
