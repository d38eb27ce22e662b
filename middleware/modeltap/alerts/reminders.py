"""Reminders of firing alerts: after `repeat_interval`, and at the end of a silence."""

from __future__ import annotations

import sqlite3

from modeltap import clock
from modeltap.alerts.transitions import FIRING, Transition
from modeltap.store.alerts import alerts_to_repeat, any_reminder_due


def any_due(connection: sqlite3.Connection, interval: float | None, now: float) -> bool:
    """Return True if `due_reminders` would return an alert for any model."""
    return any_reminder_due(connection, now=clock.iso(now), before=_before(interval, now))


def due_reminders(
    connection: sqlite3.Connection, model: str, interval: float | None, now: float
) -> list[Transition]:
    """Return the alerts of a model that are due for a message.

    Args:
        interval: seconds after which an unacknowledged firing alert is repeated; None for never.
            A silenced alert is always reported at the end of the silence.
        now: Unix seconds.
    """
    alerts = alerts_to_repeat(connection, model, now=clock.iso(now), before=_before(interval, now))
    return [
        Transition(
            FIRING,
            alert,
            0.0,
            alert["window_start"],
            alert["window_end"],
            repeated=alert["notified_at"] is not None,
        )
        for alert in alerts
    ]


def _before(interval: float | None, now: float) -> str:
    # No time sorts before an empty text, so nothing is repeated without an interval.
    return "" if interval is None else clock.iso(now - interval)
