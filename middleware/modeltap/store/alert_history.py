"""The history of alerts: every state change of every alert, in order."""

from __future__ import annotations

import sqlite3
from typing import Any

from modeltap.clock import now

ACCEPTED = "accepted as the new normal"
"""The note of an incident that `reference accept` resolved."""

CHANGE_COLUMNS = (
    "at",
    "alert_id",
    "model",
    "rule",
    "metric",
    "feature",
    "state",
    "window_start",
    "value",
    "note",
)
"""The columns of a change that commands show, in order."""


def record_change(
    connection: sqlite3.Connection,
    alert_id: str,
    state: str,
    *,
    window_start: str | None = None,
    value: float | None = None,
    note: str | None = None,
) -> None:
    """Record that an alert enters `state` now, inside the caller's transaction."""
    connection.execute(
        "insert into alert_history (alert_id, state, window_start, value, note, at) "
        "values (?, ?, ?, ?, ?, ?)",
        (alert_id, state, window_start, value, note, now()),
    )


def changes_of(connection: sqlite3.Connection, alert_id: str) -> list[dict[str, Any]]:
    """Return the changes of one alert in order."""
    rows = connection.execute(
        "select at, state, window_start, value, note from alert_history where alert_id = ? "
        "order by seq",
        (alert_id,),
    )
    return list(map(dict, rows))


def list_changes(connection: sqlite3.Connection, model: str | None) -> list[dict[str, Any]]:
    """Return `CHANGE_COLUMNS` of each change in order, for the alerts of `model` or all models."""
    rows = connection.execute(
        "select h.at, h.alert_id, a.model, a.rule, a.metric, a.feature, h.state, h.window_start, "
        "h.value, h.note from alert_history h join alerts a on a.id = h.alert_id "
        "where (? is null or a.model = ?) order by h.seq",
        (model, model),
    )
    return list(map(dict, rows))
