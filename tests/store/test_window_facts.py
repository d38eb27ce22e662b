"""Estimates, drift and earlier excesses of a window."""

from __future__ import annotations

from contextlib import closing

import pytest

from modeltap.store.connection import connect, writing
from modeltap.store.metrics import METRIC_COLUMNS, save_metrics
from modeltap.store.window_facts import (
    Drift,
    StoredInterval,
    drifts_within,
    estimates_within,
    intervals_before,
)
from modeltap.store.windows import Series

SERIES = Series("m", "", "ref", "1d")


def row(day, metric, **values):
    known = {
        "model": "m",
        "version": "",
        "window": "1d",
        "window_start": f"2024-01-{day:02}",
        "window_end": f"2024-01-{day + 1:02}",
        "rows": 10,
        "metric": metric,
        "at_once": 0,
        "in_reference": 0,
        "reference_id": "ref",
        "computed_at": "2024-02-01",
    }
    return {name: (known | values).get(name) for name in METRIC_COLUMNS}


@pytest.fixture
def connection(store):
    bounds = {"value": 0.5, "low": 0.25, "high": 0.75}
    with closing(connect(store)) as opened:
        with writing(opened):
            save_metrics(
                opened,
                [
                    *(row(day, "concept_drift", **bounds) for day in (1, 2, 3)),
                    row(4, "concept_drift", **bounds, reference_id="other"),
                    row(5, "concept_drift"),
                    row(2, "estimated_mae", **bounds),
                    row(3, "estimated_mae"),
                    row(2, "drift", feature="x", verdict="alert", strength=2.0),
                    row(2, "drift", feature="y", verdict="ok", strength=0.5),
                    row(2, "drift", feature="z", verdict="not_enough_rows"),
                    row(2, "multivariate_drift", verdict="alert", strength=3.0),
                ],
            )
        yield opened


def test_earlier_excesses_are_in_order_and_of_the_same_reference(connection):
    before = intervals_before(connection, SERIES, "2024-01-09", "concept_drift")
    assert [own.window_start for own in before] == ["2024-01-01", "2024-01-02", "2024-01-03"]
    assert len(intervals_before(connection, SERIES, "2024-01-03", "concept_drift")) == 2


def test_only_whole_windows_outside_the_reference_with_an_interval_are_earlier(connection):
    bounds = {"value": 0.5, "low": 0.25, "high": 0.75}
    with writing(connection):
        save_metrics(
            connection,
            [
                row(1, "accuracy", **bounds),
                row(2, "accuracy", **bounds, segment="sex=1"),
                row(3, "accuracy", **bounds, in_reference=1),
                row(4, "accuracy", value=0.5),
                row(5, "accuracy", **bounds, feature="x"),
                row(6, "accuracy", **bounds, window="1h"),
                row(7, "accuracy", **bounds, version="2"),
            ],
        )
    before = intervals_before(connection, SERIES, "2024-01-09", "accuracy")
    assert [own.window_start for own in before] == ["2024-01-01"]


def test_estimates_of_a_period(connection):
    own = estimates_within(connection, SERIES, "2024-01-02", "2024-01-04", "estimated_mae")
    assert own == [StoredInterval("2024-01-02", "2024-01-03", 10, None, 0.5, 0.25, 0.75)]


def test_drift_of_overlapping_windows(connection):
    own = drifts_within(connection, "m", "", "2024-01-02T06", "2024-01-02T07")
    assert own == [Drift(None, 1), Drift("x", 1), Drift("y", 0)]
    assert drifts_within(connection, "m", "", "2024-01-03", "2024-01-04") == []
