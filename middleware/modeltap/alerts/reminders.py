"""Reminders of alerts that still fire: after `repeat_interval`, and at the end of a silence."""

from __future__ import annotations

import sqlite3

from modeltap import clock
from modeltap.alerts.transitions import FIRING, Transition
from modeltap.store.alerts import alerts_to_repeat, any_reminder_due


def any_due(connection: sqlite3.Connection, interval: float | None, now: float) -> bool:
    """Return whether `due_reminders` of any model would return one."""
    return any_reminder_due(connection, now=clock.iso(now), before=_before(interval, now))


def due_reminders(
    connection: sqlite3.Connection, model: str, interval: float | None, now: float
) -> list[Transition]:
    """Return the alerts of a model that receivers are to be notified of (again).

    Args:
        interval: seconds after which a firing alert that nobody acknowledged is repeated; None
            for never. An alert that a silence kept back is reported when it ends, in any case.
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
    # No time is before the empty text: without an interval nothing is repeated.
    return "" if interval is None else clock.iso(now - interval)
