"""What happened to each alert, in order."""

from __future__ import annotations

import sqlite3

from modeltap.clock import now


def note(
    connection: sqlite3.Connection,
    alert_id: str,
    state: str,
    *,
    window_start: str | None = None,
    value: float | None = None,
    why: str | None = None,
) -> None:
    """Write down that an alert is in `state` from now on, inside the caller's transaction."""
    connection.execute(
        "insert into alert_history (alert_id, state, window_start, value, note, at) "
        "values (?, ?, ?, ?, ?, ?)",
        (alert_id, state, window_start, value, why, now()),
    )
