"""Traffic windows are evaluated once they are over, against recent ones without an alert."""

from __future__ import annotations

from contextlib import closing

import pytest

from modeltap.clock import iso
from modeltap.store.connection import connect
from stores import START, analyze, every, put, read

HOURS = 8


def fill(store, broken_hour):
    for hour in range(HOURS):
        put(store, every(0.3, 200, first=60 * hour), [{"x": 1}] * 200, prefix=f"h{hour}-")
    with closing(connect(store)) as connection:
        connection.execute(
            "update exchanges set status = 500 where id like ? and seq % 2", (f"h{broken_hour}-%",)
        )


def test_an_hour_of_errors_alerts_and_is_not_in_the_baseline(store):
    fill(store, broken_hour=5)
    analyze(store, {"window": "1h"})
    rows = read(store, "select * from metrics where metric = 'error_rate' order by window_start")
    assert len(rows) == HOURS and {row["rows"] for row in rows} == {200}
    assert [row["value"] for row in rows] == [0, 0, 0, 0, 0, 0.5, 0, 0]
    assert [row["verdict"] == "alert" for row in rows] == [hour == 5 for hour in range(HOURS)]
    (alert,) = read(store, "select * from alerts where metric = 'error_rate'")
    assert alert["window_start"] == rows[5]["window_start"]
    assert not read(store, "select 1 from traffic where due")
    analyze(store, {"window": "1h"})
    again = read(store, "select * from metrics where metric = 'error_rate' order by window_start")
    assert again == rows


def hours(store, counts, *, failing=(), prefix="h", first=0):
    """Write `counts` requests into consecutive hours; those of `failing` hours fail."""
    for hour, count in enumerate(counts, first):
        moments = every(0.5, count, first=60 * hour)
        put(store, moments, [{"x": 1}] * count, prefix=f"{prefix}{hour}-")
    with closing(connect(store)) as connection:
        for hour in failing:
            connection.execute(
                "update exchanges set status = 500 where id like ?", (f"{prefix}{hour}-%",)
            )


def metric(store, name):
    rows = read(
        store,
        "select substr(window_start, 12, 2) || '-' || substr(window_end, 12, 2) as hours, rows, "
        "verdict from metrics where metric = ? order by window_start",
        name,
    )
    return [(row["hours"], row["rows"], row["verdict"]) for row in rows]


def test_few_requests_that_all_fail_alert_in_their_first_hour(store):
    """Fifty an hour without a baseline, fewer than the hundred required for latency."""
    hours(store, [50], failing=[0])
    analyze(store, {})
    (alert,) = read(store, "select * from alerts")
    assert (alert["metric"], alert["state"]) == ("error_rate", "firing")
    assert "50 of 50" in alert["summary"]


def test_hours_of_too_few_requests_wait_for_the_next(store):
    """Errors require five requests, latency a hundred; values exist even without a verdict."""
    hours(store, [3])
    analyze(store, {})
    assert metric(store, "error_rate") == [("00-01", 3, "not_enough_rows")]
    hours(store, [3, 4, 60, 60], first=1)
    analyze(store, {})
    assert metric(store, "error_rate") == [
        ("00-02", 6, "ok"),
        ("02-04", 64, "ok"),
        ("04-05", 60, "ok"),
    ]
    assert [row[:2] for row in metric(store, "latency_p95_ms")] == [("00-05", 130)]
    assert not read(store, "select 1 from traffic where due")


def test_failures_at_three_requests_an_hour_alert(store):
    """Two hours of failures after a day without any."""
    hours(store, [3] * 30, failing=range(26, 30))
    analyze(store, {})
    (alert,) = read(store, "select * from alerts where metric = 'error_rate'")
    assert alert["window_start"] == iso(START.timestamp() + 26 * 3600)


def test_late_requests_keep_evaluated_hours_together(store):
    """For any number of late requests; their hour does not become a separate window."""
    hours(store, [60, 60, 120])
    analyze(store, {})
    before = metric(store, "latency_p95_ms")
    assert [row[:2] for row in before] == [("00-02", 120), ("02-03", 120)]
    hours(store, [110], prefix="late")
    analyze(store, {})
    assert [row[:2] for row in metric(store, "latency_p95_ms")] == [("00-02", 230), ("02-03", 120)]
    assert [row[:2] for row in metric(store, "error_rate")] == [
        ("00-01", 170),
        ("01-02", 60),
        ("02-03", 120),
    ]
    analyze(store, {"min_rows": 100}, again=True)
    assert [row[:2] for row in metric(store, "latency_p95_ms")] == [("00-01", 170), ("01-03", 180)]


def slow_nights(store, days, broken=()):
    """Write a hundred requests into each hour; those of 03:00 take a second instead of 50 ms."""
    for day in range(days):
        for hour in range(24):
            place = 24 * day + hour
            put(store, every(0.5, 100, first=60 * place), [{"x": 1}] * 100, prefix=f"p{place}-")
    with closing(connect(store)) as connection:
        connection.execute("update exchanges set duration_ms = 50")
        connection.execute(
            "update exchanges set duration_ms = 1000 where substr(started_at, 12, 2) = '03'"
        )
        for place in broken:
            connection.execute(
                "update exchanges set duration_ms = 1000 where id like ?", (f"p{place}-%",)
            )


@pytest.mark.slow
def test_an_hour_that_is_slow_every_night_is_learnt(store):
    """After a week at most; the same latency at another hour still alerts."""
    slow_nights(store, 9, broken=[24 * 8 + 12])
    analyze(store, {"multivariate": False})
    rows = read(
        store,
        "select window_start from metrics where metric = 'latency_p95_ms' and verdict = 'alert' "
        "order by window_start",
    )
    late = [row["window_start"][8:13] for row in rows if row["window_start"] > "2024-01-07"]
    assert late == ["09T12"]


def test_a_constant_error_rate_alerts_once(store):
    """6 % of requests fail from the first hour on: one alert, and the baseline after a day."""
    hours(store, [100] * 40)
    with closing(connect(store)) as connection:
        connection.execute(
            "update exchanges set status = 500 where cast(substr(id, instr(id, '-') + 1) as int) "
            "% 17 = 0"
        )
    analyze(store, {"multivariate": False})
    verdicts = [row[2] for row in metric(store, "error_rate")]
    assert verdicts == ["alert"] * 24 + ["ok"] * 16
    (alert,) = read(store, "select state from alerts where metric = 'error_rate'")
    assert alert["state"] == "resolved"
