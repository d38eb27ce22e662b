"""The baseline of error rate and latency, from recent windows and the same hours of other days."""

from __future__ import annotations

from contextlib import closing

import pytest

from modeltap.analysis.verdicts.traffic_baseline import traffic_baseline
from modeltap.clock import iso
from modeltap.store.connection import connect, writing
from modeltap.store.metrics import METRIC_COLUMNS, save_metrics
from modeltap.store.traffic import StoredTraffic
from stores import START

HOUR = 3600.0


def moment(hour):
    return iso(START.timestamp() + hour * HOUR)


def baseline_at(connection, hour):
    window = StoredTraffic("m", "", "1h", moment(hour), moment(hour + 1), 0, 0, 0, 0, 0, b"")
    return traffic_baseline(connection, window, window.window_start)


@pytest.fixture
def connection(store):
    with closing(connect(store)) as opened:
        yield opened


def put(connection, metric, values, *, first=0, rows=100, verdict="ok"):
    """Write one value per hour; `rows` and `verdict` are constants or functions of the value."""

    def row(hour, value):
        known = {
            "model": "m",
            "version": "",
            "window": "1h",
            "window_start": moment(hour),
            "window_end": moment(hour + 1),
            "rows": rows(value) if callable(rows) else rows,
            "metric": metric,
            "value": value,
            "verdict": verdict(value) if callable(verdict) else verdict,
            "in_reference": 0,
            "computed_at": "",
        }
        return {name: known.get(name) for name in METRIC_COLUMNS}

    with writing(connection):
        save_metrics(connection, [row(hour, value) for hour, value in enumerate(values, first)])


def test_latency_is_the_median_of_the_last_windows_without_an_alert(connection):
    """At least three windows, at most a day of them."""
    put(connection, "latency_p95_ms", [10.0, 12.0])
    assert baseline_at(connection, 2) == {}
    put(connection, "latency_p95_ms", [90.0], first=2, verdict="alert")
    put(connection, "latency_p95_ms", [11.0], first=3, verdict="no_reference")
    assert baseline_at(connection, 4) == {"latency_p95_ms": 11.0}
    put(connection, "latency_p95_ms", [20.0] * 24, first=4)
    assert baseline_at(connection, 28) == {"latency_p95_ms": 20.0}


def test_errors_are_pooled_over_requests(connection):
    """If one request in a hundred fails, the median of hours with ten requests would be zero."""
    rates = [0.1 if hour % 10 == 0 else 0.0 for hour in range(20)]
    put(connection, "error_rate", rates, rows=10)
    assert baseline_at(connection, 20) == {"error_rate": pytest.approx(0.01)}
    put(connection, "error_rate", [1.0], first=20, rows=10, verdict="alert")
    assert baseline_at(connection, 21) == {"error_rate": pytest.approx(0.01)}


@pytest.mark.parametrize(("days", "learnt"), [(3, False), (4, True), (20, True)])
def test_each_hour_of_the_day_has_its_own_baseline(connection, days, learnt):
    """Windows with alerts count, otherwise it would never be learnt; other hours are unaffected."""
    for metric, low, high in (("latency_p95_ms", 50.0, 900.0), ("error_rate", 0.0, 0.05)):
        values = [high if hour % 24 == 3 else low for hour in range(24 * days)]
        limit = (low + high) / 2
        put(
            connection,
            metric,
            values,
            verdict=lambda v, limit=limit: "alert" if v > limit else "ok",
        )
    night, noon = baseline_at(connection, 24 * days + 3), baseline_at(connection, 24 * days + 12)
    assert night == ({"latency_p95_ms": 900.0, "error_rate": 0.05} if learnt else noon)
    assert noon == {"latency_p95_ms": 50.0, "error_rate": 0.0}


def test_an_incident_of_two_days_is_not_the_baseline(connection):
    """It starts after a week; the same hours of other days are the baseline."""
    put(connection, "error_rate", [0.0] * 24 * 7)
    put(connection, "error_rate", [0.5] * 48, first=24 * 7, verdict="alert")
    assert baseline_at(connection, 24 * 9) == {"error_rate": 0.0}


@pytest.mark.parametrize(("rate", "known"), [(0.03, {"error_rate": 0.03}), (0.3, {}), (1.0, {})])
def test_a_low_error_rate_since_the_first_hour_becomes_the_baseline(connection, rate, known):
    """One failure in ten requests always remains an incident."""
    put(connection, "error_rate", [rate] * 23, verdict="alert")
    assert baseline_at(connection, 23) == {}
    for hour in (25, 24 * 9):
        put(connection, "error_rate", [rate] * hour, verdict="alert")
        assert baseline_at(connection, hour) == known
