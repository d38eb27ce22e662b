"""Saying again what still fires: after `repeat_interval`, and at the end of a silence."""

from __future__ import annotations

import sqlite3

from modeltap import clock
from modeltap.alerts.lifecycle import FIRING, Transition

_DUE = (
    "from alerts where state = 'firing' and (silenced_until is null or silenced_until <= :now) "
    "and ((notified_at is null and silenced_until is not null) "
    "or (acknowledged_at is null and notified_at <= :before))"
)


def any_due(connection: sqlite3.Connection, interval: float | None, now: float) -> bool:
    """Say whether `due_reminders` of any model would find one."""
    found = connection.execute(f"select 1 {_DUE} limit 1", _values(interval, now)).fetchone()
    return found is not None


def due_reminders(
    connection: sqlite3.Connection, model: str, interval: float | None, now: float
) -> list[Transition]:
    """Return the alerts of a model that receivers are to be told of (again).

    Args:
        interval: seconds after which a firing alert that nobody acknowledged is repeated; None
            for never. What a silence kept quiet is told when it ends, in any case.
        now: Unix seconds.
    """
    rows = connection.execute(
        f"select * {_DUE} and model = :model order by started_at",
        {**_values(interval, now), "model": model},
    ).fetchall()
    return [
        Transition(
            FIRING,
            row,
            0.0,
            row["window_start"],
            row["window_end"],
            repeated=row["notified_at"] is not None,
        )
        for row in rows
    ]


def _values(interval: float | None, now: float) -> dict[str, str]:
    before = "" if interval is None else clock.iso(now - interval)
    return {"now": clock.iso(now), "before": before}
