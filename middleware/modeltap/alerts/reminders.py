"""Reminders of firing alerts: after `repeat_interval`, and at the end of a silence."""

from __future__ import annotations

import sqlite3

from modeltap import clock
from modeltap.alerts.transitions import FIRING, Transition
from modeltap.config.settings import SettingsByModel, repeat_seconds
from modeltap.store.alerts import AlertRow, alerts_to_repeat, models_with_alerts


def due_reminders(
    connection: sqlite3.Connection, settings: SettingsByModel, now: float
) -> dict[str, list[Transition]]:
    """Return the alerts that are due for a message, by model.

    An unacknowledged firing alert is repeated after the `repeat_interval` of its model. A silenced
    alert is always reported at the end of the silence.

    Args:
        now: Unix seconds.
    """
    due = {}
    for model in ("", *models_with_alerts(connection)):
        interval = repeat_seconds(settings.for_model(model).repeat_interval)
        # No time sorts before an empty text, so nothing is repeated without an interval.
        before = "" if interval is None else clock.iso(now - interval)
        if alerts := alerts_to_repeat(connection, model, now=clock.iso(now), before=before):
            due[model] = list(map(_reminder, alerts))
    return due


def _reminder(alert: AlertRow) -> Transition:
    return Transition(
        FIRING,
        alert,
        0.0,
        alert["window_start"],
        alert["window_end"],
        repeated=alert["notified_at"] is not None,
    )
