"""The alerts that concern a version: its own, and with the newest version those that name none."""

from __future__ import annotations

from contextlib import closing

import pytest

from modeltap.config.metrics import CATALOGUE, OF_ENVIRONMENTS
from modeltap.environments import with_environment
from modeltap.store.alerts import put_alert
from modeltap.store.connection import connect, writing
from modeltap.store.models import record_model
from modeltap.store.version_alerts import alerts_of_version, open_of

STARTED = "2024-01-02T00:00:00.000Z"


ROWS = [
    ("m", "9", "2024-01-01"),
    ("m", "10", "2024-01-02"),
    ("m", "9@staging", "2024-01-03"),
    ("other", "", "2024-01-01"),
]


@pytest.fixture
def connection(tmp_path):
    """Version 10 follows 9, in production and beside it in staging; other models have none."""
    with closing(connect(tmp_path / "taps.db")) as opened:
        with writing(opened):
            for number, row in enumerate(ROWS):
                put_row(opened, number, *row)
        yield opened


def put_row(connection, number, model, version, event_time):
    record_model(connection, model, version)
    connection.execute(
        "insert into predictions (exchange_id, row, model, version, event_time, seq) "
        "values (?, 0, ?, ?, ?, ?)",
        (f"e{number}", model, version, event_time, number),
    )


def put_one(connection, metric, model, version, **columns):
    times = dict.fromkeys(
        ("window_start", "window_end", "last_window_start", "started_at", "updated_at"), STARTED
    )
    facts = {"model": model, "version": version, "rule": metric, "metric": metric}
    alert = {"id": "a", "fingerprint": "f", "severity": "critical", "state": "firing"}
    with writing(connection):
        put_alert(connection, alert | facts | times | {"window": "1h", "summary": "why"} | columns)


VERSIONS = [(model, version) for model, version, _ in ROWS]


def concerned(connection):
    """Return the versions that the one alert in the store concerns."""
    listed = [of for of in VERSIONS if open_of(connection, *of)]
    assert listed == [of for of in VERSIONS if alerts_of_version(connection, *of)]
    return listed


@pytest.mark.parametrize("version", ["9", "10", "9@staging"])
def test_an_alert_about_data_concerns_its_version(connection, version):
    put_one(connection, "drift", "m", version)
    assert concerned(connection) == [("m", version)]


@pytest.mark.parametrize("metric", OF_ENVIRONMENTS)
def test_an_alert_that_names_no_version_concerns_the_newest(connection, metric):
    """By its rows: as text, 9 would be after 10."""
    put_one(connection, metric, "m", "")
    assert concerned(connection) == [("m", "10")]


def test_an_alert_of_an_environment_concerns_only_that(connection):
    put_one(connection, "no_traffic", "m", with_environment("", "staging"))
    assert concerned(connection) == [("m", "9@staging")]


@pytest.mark.parametrize(
    ("version", "expected"),
    [("", [("m", "10"), ("m", "9@staging"), ("other", "")]), ("@staging", [("m", "9@staging")])],
)
def test_an_alert_about_the_store_concerns_all_models(connection, version, expected):
    put_one(connection, "analysis_failed", "", version)
    assert concerned(connection) == expected


def test_rows_without_a_version_do_not_hide_an_alert_from_newer_ones(connection):
    put_one(connection, "capture_loss", "other", "")
    assert concerned(connection) == [("other", "")]
    with writing(connection):
        put_row(connection, 9, "other", "2", "2024-02-01")
    assert [bool(open_of(connection, "other", own)) for own in ("", "2")] == [False, True]


def test_pending_alerts_concern_no_version_and_resolved_ones_are_listed(connection):
    put_one(connection, "no_traffic", "m", "", state="pending")
    assert concerned(connection) == []
    put_one(connection, "no_traffic", "m", "", state="resolved", resolved_at=STARTED)
    assert open_of(connection, "m", "10") == []
    assert [alert["id"] for alert in alerts_of_version(connection, "m", "10")] == ["a"]


def test_metrics_that_name_no_version_are_in_the_catalogue():
    assert set(OF_ENVIRONMENTS) <= set(CATALOGUE)
