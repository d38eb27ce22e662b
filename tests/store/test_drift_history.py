"""The drift of features over time."""

from __future__ import annotations

from contextlib import closing

import pytest

from modeltap import clock
from modeltap.store.connection import connect
from modeltap.store.drift_history import (
    count_drift_windows,
    drift_points,
    drift_ranks,
    drifting_features,
    lost_by_feature,
    worst_cells,
)
from modeltap.store.models import ModelVersion
from stores import put_metric

OF = ModelVersion("m", "")
START, END = "2024-01-01T00:00:00.000Z", "2024-01-01T04:00:00.000Z"
SECONDS = clock.parse(START), clock.parse(END)


@pytest.fixture
def filled(tmp_path):
    with closing(connect(tmp_path / "taps.db")) as connection:
        for hour, strength, verdict in ((0, 0.5, "ok"), (1, 9.0, "ok"), (2, 2.0, "alert")):
            put_metric(connection, hour, "drift", feature="x", strength=strength, verdict=verdict)
        put_metric(connection, 3, "drift", feature="x", value=None, verdict="not_comparable")
        put_metric(connection, 3, "drift", feature="y", value=0.25)
        for hour, lost in ((1, 0.5), (2, 2.0), (3, -1.0)):
            put_metric(connection, hour, "loss_from_drift", feature="y", value=lost)
        put_metric(connection, 2, "loss_from_drift", value=9.0)
        yield connection


def test_an_alert_is_worse_than_any_strength(filled):
    """Also if a window without an alert has the larger effect."""
    cells = worst_cells(filled, OF, ["x"], *SECONDS, 2)
    assert [(cell.windows, cell.alerts, cell.strength) for cell in cells] == [
        (2, 0, 9.0),
        (2, 1, 2.0),
    ]
    assert cells[1].window_start.startswith("2024-01-01T02")


def test_each_window_is_a_cell_of_its_own(filled):
    cells = worst_cells(filled, OF, ["x"], *SECONDS, 4)
    assert [(cell.column, cell.strength) for cell in cells] == [
        (0, 0.5),
        (1, 9.0),
        (2, 2.0),
        (3, None),
    ]
    assert count_drift_windows(filled, OF, START, END, 9) == 4
    assert count_drift_windows(filled, OF, START, END, 3) == 3


def test_no_window_is_in_two_cells_or_none(filled):
    """Whatever the number of columns."""
    for columns in (1, 3, 7, 120):
        cells = worst_cells(filled, OF, ["x", "y"], *SECONDS, columns)
        assert sum(cell.windows for cell in cells if cell.feature == "x") == 4
        assert [cell.windows for cell in cells if cell.feature == "y"] == [1]


def test_ranks_of_features(filled):
    """Of any number of features, without their cells; only tests have a strength."""
    assert drifting_features(filled, OF) == ["x", "y"]
    ranks = drift_ranks(filled, OF, START, END)
    assert [(rank.feature, rank.windows, rank.alerts) for rank in ranks] == [
        ("x", 4, 1),
        ("y", 1, 0),
    ]
    assert ranks[0].strength == 9.0
    (rank,) = drift_ranks(filled, OF, "2024-01-01T03:00:00.000Z", END)[:1]
    assert (rank.windows, rank.alerts, rank.strength) == (1, 0, None)
    assert drifting_features(filled, ModelVersion("m", "2")) == []


def test_points_of_one_feature_in_order(filled):
    points = drift_points(filled, OF, "x", START, END)
    assert [point.verdict for point in points] == ["ok", "ok", "alert", "not_comparable"]
    assert [point.value for point in drift_points(filled, OF, "y", START, END)] == [0.25]
    assert drift_points(filled, OF, "nobody", START, END) == []


def test_what_a_drift_costs(filled):
    """The largest loss of each feature; gains, and the loss of all inputs, are left out."""
    assert lost_by_feature(filled, OF, START, END) == {"y": 2.0}
