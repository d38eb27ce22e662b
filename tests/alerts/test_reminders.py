"""Reminders: a firing alert is repeated unless it is acknowledged."""

from __future__ import annotations

import json

from modeltap.alerts.reminders import due_reminders
from modeltap.alerts.silence import acknowledge
from modeltap.config.settings import Settings
from modeltap.config.webhook_settings import WebhookSettings
from modeltap.notify.outbox import enqueue
from modeltap.store.connection import writing
from modeltap.store.settings import SettingsReader, save_settings

HOOKS = [("one", WebhookSettings(url="http://a.example"))]
NOW = 1_900_000_000.0
HOUR, DAY = 3600.0, 86_400.0


def due(connection, now, interval="7d"):
    return due_reminders(connection, Settings(repeat_interval=interval), now).get("flights", [])


def remind(connection, now):
    with writing(connection):
        enqueue(connection, due(connection, now), HOOKS)


def test_firing_alerts_are_repeated_unless_acknowledged(connection, process, row, at, sent):
    process(row(0, "alert"), row(0, "alert", feature="dewp"), webhooks=HOOKS)
    sent()
    with writing(connection):
        acknowledge(
            connection,
            connection.execute("select id from alerts where feature = 'dewp'").fetchone()[0],
        )
    assert not due(connection, NOW + 6 * DAY)
    remind(connection, NOW + 6 * DAY)
    assert sent() == []
    assert due(connection, NOW + 7 * DAY + 1)
    at(NOW + 7 * DAY + 1)
    remind(connection, NOW + 7 * DAY + 1)
    assert sent() == [("alert.firing", ["temp"], True)]
    assert not due(connection, NOW + 8 * DAY)
    assert not due(connection, NOW + 99 * DAY, "never")  # repeat_interval = "never"


def test_a_reminder_has_the_start_time(connection, process, row, at):
    process(row(0, "alert"), webhooks=HOOKS)
    at(NOW + 8 * DAY)
    remind(connection, NOW + 8 * DAY)
    body = connection.execute("select body from deliveries order by rowid desc").fetchone()[0]
    assert json.loads(body)["data"]["summary"] == (
        "flights: 1 input drifted (still firing, since 2013-03-04): temp: median went from 10 to 20"
    )


def test_each_model_has_an_interval_of_its_own(connection, process, row):
    """Apps with other settings may share the store."""
    process(row(0, "alert"), row(0, "alert", model="trips"), webhooks=HOOKS)
    with writing(connection):
        save_settings(connection, "flights", {"repeat_interval": "never"})
        save_settings(connection, "trips", {"repeat_interval": "1h"})
    due = due_reminders(connection, SettingsReader(connection), NOW + 2 * HOUR)
    assert list(due) == ["trips"]
