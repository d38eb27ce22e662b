"""Silences and acknowledgements."""

from __future__ import annotations

import pytest

from modeltap import clock
from modeltap.alerts.reminders import due_reminders
from modeltap.alerts.silence import acknowledge, end_silence, silence
from modeltap.config.settings import Settings
from modeltap.config.webhook_settings import WebhookSettings
from modeltap.errors import InputError
from modeltap.notify.outbox import enqueue
from modeltap.store.connection import writing

HOOKS = [("one", WebhookSettings(url="http://a.example"))]
NOW = 1_900_000_000.0
HOUR, DAY = 3600.0, 86_400.0


def quiet(connection, until, **about):
    with writing(connection):
        return silence(connection, clock.iso(until), **about)


def remind(connection, now):
    with writing(connection):
        due = due_reminders(connection, Settings(), now)
        enqueue(connection, due.get("flights", []), HOOKS)


def test_a_silenced_alert_is_reported_at_the_end_of_the_silence(connection, process, row, at, sent):
    quiet(connection, NOW + HOUR, model="flights", feature="temp", reason="new sensor")
    process(row(0, "alert"), row(0, "alert", feature="dewp"), webhooks=HOOKS)
    assert sent() == [("alert.firing", ["dewp"], False)]
    remind(connection, NOW + HOUR - 1)
    assert sent() == []
    at(NOW + HOUR + 1)
    remind(connection, NOW + HOUR + 1)
    assert sent() == [("alert.firing", ["temp"], False)]
    remind(connection, NOW + HOUR + 2)
    assert sent() == []


def test_an_alert_that_ends_during_a_silence_is_not_reported(connection, process, row, at, sent):
    quiet(connection, NOW + HOUR, rule="data_drift")
    process(row(0, "alert"), webhooks=HOOKS)
    process(row(1, "ok"), webhooks=HOOKS)
    remind(connection, NOW + 2 * HOUR)
    assert sent() == []
    (alert,) = connection.execute("select * from alerts").fetchall()
    assert alert["state"] == "resolved" and alert["notified_at"] is None


def test_a_silence_applies_to_firing_alerts(connection, process, row, at, sent):
    process(row(0, "alert"), webhooks=HOOKS)
    (alert,) = connection.execute("select * from alerts").fetchall()
    sent()
    quiet(connection, NOW + 9 * DAY, fingerprint=alert["fingerprint"])
    remind(connection, NOW + 8 * DAY)
    assert sent() == []
    # Receivers know that it fires, so they are notified of its end in any case.
    process(row(1, "ok"), webhooks=HOOKS)
    assert sent() == [("alert.resolved", ["temp"], False)]


def test_a_silence_can_be_ended(connection, process, row, at, sent):
    made = quiet(connection, NOW + DAY, model="flights")
    longer = quiet(connection, NOW + HOUR, rule="data_drift")
    process(row(0, "alert"), webhooks=HOOKS)
    with writing(connection):
        end_silence(connection, made)
    (until,) = connection.execute("select silenced_until from alerts").fetchone()
    assert until == clock.iso(NOW + HOUR)  # the other one still holds
    with writing(connection):
        end_silence(connection, longer)
    remind(connection, NOW + 1)
    assert sent() == [("alert.firing", ["temp"], False)]
    with pytest.raises(InputError, match="no active silence 'silence_x'"), writing(connection):
        end_silence(connection, "silence_x")


def test_other_models_and_later_times_are_not_silenced(connection, process, row, at, sent):
    quiet(connection, NOW + HOUR, model="trains")
    process(row(0, "alert"), webhooks=HOOKS)
    quiet(connection, NOW + HOUR, model="flights")
    at(NOW + 2 * HOUR)
    process(row(0, "alert", feature="dewp"), webhooks=HOOKS)
    assert [features for _, features, _ in sent()] == [["temp"], ["dewp"]]


def test_only_open_alerts_can_be_acknowledged(connection, process, row):
    process(row(0, "alert"))
    process(row(1, "ok"))
    (alert,) = connection.execute("select id from alerts").fetchone()
    for wrong in (alert, "alert_x"):
        with pytest.raises(InputError, match=r"no alert|is resolved"), writing(connection):
            acknowledge(connection, wrong)
