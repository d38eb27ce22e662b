"""The health of a model in one sentence."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest

from modeltap.store.connection import connect, connect_reader
from modeltap.store.models import ModelVersion
from modeltap.store.settings import SettingsReader
from modeltap.summaries.model_health import health_of_models, state_of_model
from stores import analyze, every, put


def healths(path):
    with closing(connect_reader(path)) as connection:
        return health_of_models(connection, SettingsReader(connection))


def test_firing_alerts_are_the_reason(files):
    (health,) = healths(files / "cli.db")
    assert health.state == "alert" and health.since.startswith("2024-05-01")
    assert health.reason and not health.reason.startswith("m:")
    assert health.alerts and health.last_label_at


@pytest.mark.parametrize(
    ("rule", "state", "expected"),
    [
        ("data_drift", "firing", "alert"),
        ("data_drift", "no_data", "no_data"),
        ("no_traffic", "no_data", "no_data"),
        ("capture_loss", "firing", "error"),
        ("data_drift", "error", "error"),
        ("data_drift", "pending", "learning"),
    ],
)
def test_the_state_follows_the_open_alerts(tmp_path, rule, state, expected):
    store = tmp_path / "taps.db"
    put(store, every(1, 200), [{"x": n} for n in range(200)])
    analyze(store, {})
    with closing(connect(store)) as connection:
        connection.execute(
            "insert into alerts (id, fingerprint, rule, model, metric, severity, state, window, "
            "window_start, window_end, last_window_start, summary, started_at, updated_at) values "
            "('a', 'f', ?, 'm', 'drift', 'warning', ?, '1h', '2024', '2024', '2024', 'm: why', "
            "'2024-01-01T00:00:00.000Z', '2024')",
            (rule, state),
        )
    (health,) = healths(store)
    assert health.state == expected
    assert (health.reason == "why") == (state != "pending")


def test_since_is_the_start_of_the_reason(tmp_path):
    """Of the worst alert, also if a milder one is older."""
    store = tmp_path / "taps.db"
    put(store, every(1, 20), [{"x": n} for n in range(20)])
    analyze(store, {})
    with closing(connect(store)) as connection:
        connection.executemany(
            "insert into alerts (id, fingerprint, rule, model, metric, severity, state, window, "
            "window_start, window_end, last_window_start, summary, started_at, updated_at) values "
            "(?, ?, 'data_drift', 'm', 'drift', ?, 'firing', '1h', '2024', '2024', '2024', ?, ?, "
            "'2024')",
            [
                ("a", "a", "warning", "m: mild", "2024-01-01T00:00:00.000Z"),
                ("b", "b", "critical", "m: later", "2024-03-01T00:00:00.000Z"),
                ("c", "c", "critical", "m: worst", "2024-02-01T00:00:00.000Z"),
            ],
        )
    (health,) = healths(store)
    assert (health.since, health.reason) == ("2024-02-01T00:00:00.000Z", "worst")


def test_the_first_window_is_shown_while_it_runs(tmp_path):
    """A new user does not wait for its end to see that requests arrive."""
    store = tmp_path / "taps.db"
    now = datetime.now(UTC)
    put(store, [now - timedelta(seconds=n) for n in range(200)], [{"x": n} for n in range(200)])
    analyze(store, {"window": "365d"})
    (health,) = healths(store)
    assert health.requests == 200 and health.error_rate == 0.0
    assert health.latency_p95_ms == pytest.approx(1.0, rel=0.2)


def test_a_model_that_learns_says_until_when(tmp_path):
    store = tmp_path / "taps.db"
    put(store, every(1, 200), [{"x": n} for n in range(200)])
    analyze(store, {})
    (health,) = healths(store)
    assert health.state == "learning" and "learning" in health.reason
    assert health.requests == 200


def test_the_state_alone_is_that_of_the_health(files):
    with closing(connect_reader(files / "cli.db")) as connection:
        settings = SettingsReader(connection)
        (health,) = health_of_models(connection, settings)
        state = state_of_model(connection, settings, ModelVersion("m", ""))
        assert state[:3] == (health.state, health.since, health.reason)
        assert state_of_model(connection, settings, ModelVersion("m", "2")) is None


def test_an_empty_store_has_no_models(tmp_path):
    connect(tmp_path / "taps.db").close()
    assert healths(tmp_path / "taps.db") == []


@pytest.mark.parametrize(
    ("metric", "model", "state"),
    [
        ("no_traffic", "m", "alert"),
        ("capture_loss", "m", "error"),
        ("analysis_failed", "", "error"),
        ("delivery_failed", "", "alert"),
    ],
)
def test_alerts_that_name_no_version_are_part_of_the_health(tmp_path, metric, model, state):
    """A model with a version was fine in `status` while no request came for days."""
    store = tmp_path / "taps.db"
    put(store, every(1, 20), [{"x": n} for n in range(20)], version="2")
    analyze(store, {"per_version": True})
    with closing(connect(store)) as connection:
        connection.execute(
            "insert into alerts (id, fingerprint, rule, model, metric, severity, state, window, "
            "window_start, window_end, last_window_start, summary, started_at, updated_at) values "
            "('a', 'f', :metric, :model, :metric, 'critical', 'firing', '1h', '2024', '2024', "
            "'2024', 'm: why', '2024-01-01T00:00:00.000Z', '2024')",
            {"metric": metric, "model": model},
        )
    (health,) = healths(store)
    assert (health.state, health.reason) == (state, "why")
    with closing(connect_reader(store)) as connection:
        own = state_of_model(connection, SettingsReader(connection), ModelVersion("m", "2"))
    assert own[:3] == (health.state, health.since, health.reason)
