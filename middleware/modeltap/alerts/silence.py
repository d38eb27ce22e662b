"""Silences and acknowledgements. An alert that fires at the end of a silence is reported."""

from __future__ import annotations

import sqlite3

from modeltap.clock import now
from modeltap.errors import InputError
from modeltap.store.alert_history import record_change
from modeltap.store.alerts import (
    AlertRow,
    acknowledge_alert,
    alerts_with_prefix,
    change_alert,
)
from modeltap.store.silences import (
    end_silence_at,
    insert_silence,
    open_alerts_of,
    silenced_alerts,
    silenced_until,
)


def silence(
    connection: sqlite3.Connection,
    until: str,
    *,
    model: str | None = None,
    rule: str | None = None,
    feature: str | None = None,
    fingerprint: str | None = None,
    reason: str | None = None,
) -> str:
    """Silence matching alerts until `until`, including firing ones; return the silence's id.

    Runs inside the caller's transaction. None matches everything.
    """
    silence_id = insert_silence(
        connection,
        until,
        model=model,
        rule=rule,
        feature=feature,
        fingerprint=fingerprint,
        reason=reason,
    )
    for alert_id in open_alerts_of(connection, silence_id):
        _silence_alert(connection, alert_id, until, reason)
    return silence_id


def end_silence(connection: sqlite3.Connection, silence_id: str) -> None:
    """End a silence, inside the caller's transaction; raise `InputError` if it is not active."""
    moment = now()
    if not end_silence_at(connection, silence_id, moment):
        raise InputError(
            f"no active silence {silence_id!r}; `modeltap silence list` lists the active ones"
        )
    for alert in silenced_alerts(connection, moment):
        until = silenced_until(connection, alert) or moment
        _silence_alert(connection, alert["id"], until, "silence ended")


def acknowledge(connection: sqlite3.Connection, alert_id: str, note: str | None = None) -> None:
    """Acknowledge an alert, which stops its reminders; raise `InputError` if it is resolved."""
    full_id: str = find_alert(connection, alert_id)["id"]
    if not acknowledge_alert(connection, full_id):
        raise InputError(
            f"alert {alert_id!r} is resolved; `modeltap alerts --state firing` lists firing alerts"
        )
    record_change(connection, full_id, "acknowledged", note=note)


def add_note(connection: sqlite3.Connection, alert_id: str, note: str) -> None:
    """Add a note to an alert's history, inside the caller's transaction."""
    if not note.strip():
        raise InputError("the note is empty; write what others should know")
    record_change(connection, find_alert(connection, alert_id)["id"], "note", note=note)


def find_alert(connection: sqlite3.Connection, alert_id: str) -> AlertRow:
    """Return the id and fingerprint of the alert with an id that begins with `alert_id`.

    Raises `InputError` unless exactly one alert matches.
    """
    matches = alerts_with_prefix(connection, alert_id)
    if len(matches) != 1 or not alert_id:
        problem = "several alert ids begin with" if matches else "no alert has the id"
        raise InputError(f"{problem} {alert_id!r}; `modeltap alerts` lists all")
    return matches[0]


def _silence_alert(
    connection: sqlite3.Connection, alert_id: str, until: str, reason: str | None
) -> None:
    change_alert(connection, alert_id, silenced_until=until)
    note = f"until {until}" + (f": {reason}" if reason else "")
    record_change(connection, alert_id, "silenced", note=note)
