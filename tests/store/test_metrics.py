"""Metrics in the store: one for each window and feature, and values before a window."""

from __future__ import annotations

from contextlib import closing

import pytest

from modeltap.store import metrics
from modeltap.store.connection import connect, writing
from modeltap.store.windows import Series

SERIES = Series("m", "", "ref", "1d")


def row(day, metric="drift", **columns):
    defaults = dict.fromkeys(metrics.METRIC_COLUMNS) | {
        "model": "m",
        "version": "",
        "window": "1d",
        "window_start": f"2024-01-{day:02}",
        "window_end": f"2024-01-{day + 1:02}",
        "rows": 100,
        "metric": metric,
        "feature": "x",
        "value": float(day),
        "verdict": "ok",
        "in_reference": 0,
        "reference_id": "ref",
        "computed_at": "2024",
    }
    return defaults | columns


@pytest.fixture
def connection(store):
    with closing(connect(store)) as opened:
        yield opened


@pytest.fixture
def put(connection):
    def put(*rows):
        with writing(connection):
            metrics.save_metrics(connection, rows)

    return put


def values(rows):
    return [metric_row["value"] for metric_row in rows]


def listed(connection, **only):
    return metrics.list_metrics(
        connection, **dict.fromkeys(("model", "metric", "feature", "last")) | only
    )


def test_the_same_metric_of_a_window_is_replaced(connection, put):
    put(row(1), row(1, feature=None), row(1, segment="eu"))
    put(row(1, value=9.0), row(1, feature=None, value=8.0))
    assert sorted(values(listed(connection))) == [1.0, 8.0, 9.0]


def test_the_list_is_ordered_and_filtered(connection, put):
    put(*(row(day) for day in (3, 1, 2)), row(2, "mae", feature=None), row(1, model="n"))
    assert values(listed(connection, model="m", metric="drift")) == [1.0, 2.0, 3.0]
    assert values(listed(connection, model="m", metric="drift", last=2)) == [2.0, 3.0]
    assert values(listed(connection, feature="x", model="n")) == [1.0]
    assert tuple(listed(connection)[0]) == metrics.REPORTED_COLUMNS
    assert sorted(metrics.metrics_in_store(connection)) == ["drift", "mae"]
    assert metrics.features_in_metrics(connection) == ["x"]


def test_the_latest_window_and_its_alerts_are_listed_first(connection, put):
    put(
        row(1),
        row(2, feature="a", strength=9.0),
        row(2, feature="b", verdict="alert", strength=2.0),
        row(2, feature="c", verdict="alert", strength=3.0),
    )
    metric_rows = metrics.latest_metrics(connection, ["drift"], model=None, feature=None, last=1)
    assert [metric_row["feature"] for metric_row in metric_rows] == ["c", "b", "a"]
    assert len(metrics.latest_metrics(connection, ["drift"], model="m", feature=None, last=2)) == 4
    assert metrics.latest_metrics(connection, ["mae"], model=None, feature=None, last=2) == []


def test_values_before_a_window_come_from_a_period_or_a_minimum_count(connection, put):
    put(*(row(day) for day in range(1, 9)), row(5, feature="y", value=50.0))

    def before(since, at_least):
        return metrics.values_before(
            connection, SERIES, "drift", "x", "2024-01-07", since, at_least
        )

    assert before("2024-01-04", 0) == [6.0, 5.0, 4.0]
    assert before("2024-01-06", 4) == [6.0, 5.0, 4.0, 3.0]
    assert before("2024-01-01", 99) == [6.0, 5.0, 4.0, 3.0, 2.0, 1.0]


def test_previous_metrics_exclude_the_reference_and_other_features(connection, put):
    put(row(1, in_reference=1), row(2), row(3, value=None), row(4), row(2, feature="y"))
    now = row(5)
    metric_rows = list(metrics.metrics_before(connection, now, now["window_start"]))
    assert values(metric_rows) == [4.0, None, 2.0]
    assert values(metrics.metrics_before(connection, now, "2024-01-05", 1)) == [4.0]

    def past(in_reference):
        return metrics.subject_values(connection, now, "9999", 10, in_reference=in_reference)

    assert (past(True), past(False)) == ([1.0], [4.0, 2.0])


def test_alerts_are_not_normal_values(connection, put):
    put(row(1), row(2, verdict="alert"), row(3, verdict="no_reference"), row(4))

    def normal(limit):
        return metrics.last_normal_values(connection, "m", "", "1d", "drift", "2024-01-04", limit)

    assert [metric_row.value for metric_row in normal(9)] == [3.0, 1.0] and normal(1) == normal(9)[
        :1
    ]


def test_values_at_given_starts_include_alerts(connection, put):
    """But not those with too few rows, which are noise."""
    put(row(1), row(2, verdict="alert"), row(3, verdict="not_enough_rows"), row(4))
    starts = [f"2024-01-{day:02}" for day in (2, 3, 4, 9)]
    metric_rows = metrics.values_at(connection, "m", "", "1d", "drift", starts)
    assert [metric_row.value for metric_row in metric_rows] == [2.0, 4.0]


def test_metrics_of_other_references_and_unlisted_ones_are_deleted(connection, put):
    put(row(1), row(1, "mae", reference_id="old"), row(1, "rows", reference_id=None), row(2, "mae"))
    with writing(connection):
        metrics.delete_other_comparisons(connection, SERIES, "2024-01-01", "2024-01-02")
    assert [metric_row["metric"] for metric_row in listed(connection)] == ["drift", "rows", "mae"]
    with writing(connection):
        metrics.delete_period_metrics(connection, SERIES, "2024-01-01", "2024-01-02", ["rows"])
    assert [metric_row["metric"] for metric_row in listed(connection)] == ["rows", "mae"]


def test_the_last_value_is_for_all_rows(connection, put):
    put(row(1, "mae"), row(2, "mae", segment="eu"), row(3, "mae", value=None))
    assert metrics.last_value(connection, "m", "mae") == 1.0
    assert metrics.last_value(connection, "m", "bias") is None
