"""Silences keep quiet and end; who is acknowledged is not repeated; what still fires is told."""

from __future__ import annotations

import json

import pytest

from modeltap import clock
from modeltap.alerts.reminders import any_due, due_reminders
from modeltap.alerts.silence import acknowledge, end_silence, silence
from modeltap.config.webhook_settings import WebhookSettings
from modeltap.errors import InputError
from modeltap.notify.outbox import enqueue
from modeltap.store.connection import writing

HOOKS = [("one", WebhookSettings(url="http://a.example"))]
NOW = 1_900_000_000.0
HOUR, DAY = 3600.0, 86_400.0


@pytest.fixture
def told(connection):
    """Return what was owed since the last time it was asked: event types and features."""
    seen = []

    def new():
        rows = connection.execute("select id, body from deliveries order by rowid").fetchall()
        fresh = [json.loads(row["body"]) for row in rows if row["id"] not in seen]
        seen.extend(row["id"] for row in rows)
        return [
            (one["type"], [a["feature"] for a in one["data"]["alerts"]], one["data"]["repeated"])
            for one in fresh
        ]

    return new


@pytest.fixture
def at(monkeypatch):
    """Set the time that the store's moments are told by."""

    def set_to(seconds):
        monkeypatch.setattr(clock.time, "time", lambda: seconds)

    set_to(NOW)
    return set_to


def quiet(connection, until, **about):
    with writing(connection):
        return silence(connection, clock.iso(until), **about)


def remind(connection, now, interval=7 * DAY):
    with writing(connection):
        enqueue(connection, due_reminders(connection, "flights", interval, now), HOOKS)


def test_what_a_silence_covers_fires_unheard_and_is_told_at_its_end(
    connection, judge, row, at, told
):
    quiet(connection, NOW + HOUR, model="flights", feature="temp", reason="new sensor")
    judge(row(0, "alert"), row(0, "alert", feature="dewp"), webhooks=HOOKS)
    assert told() == [("alert.firing", ["dewp"], False)]
    remind(connection, NOW + HOUR - 1)
    assert told() == []
    at(NOW + HOUR + 1)
    remind(connection, NOW + HOUR + 1)
    assert told() == [("alert.firing", ["temp"], False)]
    remind(connection, NOW + HOUR + 2)
    assert told() == []


def test_what_ends_within_a_silence_is_never_told(connection, judge, row, at, told):
    quiet(connection, NOW + HOUR, rule="data_drift")
    judge(row(0, "alert"), webhooks=HOOKS)
    judge(row(1, "ok"), webhooks=HOOKS)
    remind(connection, NOW + 2 * HOUR)
    assert told() == []
    (alert,) = connection.execute("select * from alerts").fetchall()
    assert alert["state"] == "resolved" and alert["notified_at"] is None


def test_a_silence_covers_what_fires_already(connection, judge, row, at, told):
    judge(row(0, "alert"), webhooks=HOOKS)
    (alert,) = connection.execute("select * from alerts").fetchall()
    told()
    quiet(connection, NOW + 9 * DAY, fingerprint=alert["fingerprint"])
    remind(connection, NOW + 8 * DAY)
    assert told() == []
    # Receivers know that it fires, so they hear of its end, silence or not.
    judge(row(1, "ok"), webhooks=HOOKS)
    assert told() == [("alert.resolved", ["temp"], False)]


def test_a_silence_can_be_ended(connection, judge, row, at, told):
    made = quiet(connection, NOW + DAY, model="flights")
    longer = quiet(connection, NOW + HOUR, rule="data_drift")
    judge(row(0, "alert"), webhooks=HOOKS)
    with writing(connection):
        end_silence(connection, made)
    (until,) = connection.execute("select silenced_until from alerts").fetchone()
    assert until == clock.iso(NOW + HOUR)  # the other one still holds
    with writing(connection):
        end_silence(connection, longer)
    remind(connection, NOW + 1)
    assert told() == [("alert.firing", ["temp"], False)]
    with pytest.raises(InputError, match="no silence 'silence_x' is in force"), writing(connection):
        end_silence(connection, "silence_x")


def test_other_models_and_later_times_are_not_silenced(connection, judge, row, at, told):
    quiet(connection, NOW + HOUR, model="trains")
    judge(row(0, "alert"), webhooks=HOOKS)
    quiet(connection, NOW + HOUR, model="flights")
    at(NOW + 2 * HOUR)
    judge(row(0, "alert", feature="dewp"), webhooks=HOOKS)
    assert [features for _, features, _ in told()] == [["temp"], ["dewp"]]


def test_what_still_fires_is_repeated_unless_somebody_looks_after_it(
    connection, judge, row, at, told
):
    judge(row(0, "alert"), row(0, "alert", feature="dewp"), webhooks=HOOKS)
    told()
    with writing(connection):
        acknowledge(
            connection,
            connection.execute("select id from alerts where feature = 'dewp'").fetchone()[0],
        )
    assert not any_due(connection, 7 * DAY, NOW + 6 * DAY)
    remind(connection, NOW + 6 * DAY)
    assert told() == []
    assert any_due(connection, 7 * DAY, NOW + 7 * DAY + 1)
    at(NOW + 7 * DAY + 1)
    remind(connection, NOW + 7 * DAY + 1)
    assert told() == [("alert.firing", ["temp"], True)]
    assert not any_due(connection, 7 * DAY, NOW + 8 * DAY)
    assert not any_due(connection, None, NOW + 99 * DAY)  # repeat_interval = "never"


def test_a_reminder_says_since_when(connection, judge, row, at):
    judge(row(0, "alert"), webhooks=HOOKS)
    at(NOW + 8 * DAY)
    remind(connection, NOW + 8 * DAY)
    body = connection.execute("select body from deliveries order by rowid desc").fetchone()[0]
    assert json.loads(body)["data"]["summary"] == (
        "flights: 1 input drifted (still, since 2013-03-04): temp: median went from 10 to 20"
    )


def test_only_open_alerts_can_be_acknowledged(connection, judge, row):
    judge(row(0, "alert"))
    judge(row(1, "ok"))
    (alert,) = connection.execute("select id from alerts").fetchone()
    for wrong in (alert, "alert_x"):
        with pytest.raises(InputError, match=r"no alert|is over"), writing(connection):
            acknowledge(connection, wrong)
