"""The history of alerts: each change of each alert, in order."""

from __future__ import annotations

import sqlite3
from typing import Any

from modeltap.clock import now

ACCEPTED = "accepted as the new normal"
"""The note of an incident's end that `reference accept` made."""

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
"""The columns of a change for people, in their order."""


def record_change(
    connection: sqlite3.Connection,
    alert_id: str,
    state: str,
    *,
    window_start: str | None = None,
    value: float | None = None,
    note: str | None = None,
) -> None:
    """Note that an alert is in `state` from now on, inside the caller's transaction."""
    connection.execute(
        "insert into alert_history (alert_id, state, window_start, value, note, at) "
        "values (?, ?, ?, ?, ?, ?)",
        (alert_id, state, window_start, value, note, now()),
    )


def list_changes(connection: sqlite3.Connection, model: str | None) -> list[dict[str, Any]]:
    """Return `CHANGE_COLUMNS` of each change, of one model's alerts or of all, in order."""
    rows = connection.execute(
        "select h.at, h.alert_id, a.model, a.rule, a.metric, a.feature, h.state, h.window_start, "
        "h.value, h.note from alert_history h join alerts a on a.id = h.alert_id "
        "where (? is null or a.model = ?) order by h.seq",
        (model, model),
    )
    return list(map(dict, rows))
