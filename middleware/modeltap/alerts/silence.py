"""Silence and acknowledge alerts. An alert that still fires when its silence ends is reported."""

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
    """Silence the alerts that fit until `until`, firing ones too; return the silence's id.

    Runs inside the caller's transaction. None fits all.
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
    """End a silence now, inside the caller's transaction; raises `InputError` if there is none."""
    moment = now()
    if not end_silence_at(connection, silence_id, moment):
        raise InputError(f"no silence {silence_id!r} is in force; `modeltap silence list` tells")
    for alert in silenced_alerts(connection, moment):
        until = silenced_until(connection, alert) or moment
        _silence_alert(connection, alert["id"], until, "silence ended")


def acknowledge(connection: sqlite3.Connection, alert_id: str) -> None:
    """Acknowledge an alert, which stops its reminders; raises `InputError` if it is resolved."""
    found: str = find_alert(connection, alert_id)["id"]
    if not acknowledge_alert(connection, found):
        raise InputError(
            f"alert {alert_id!r} is over; `modeltap alerts --state firing` lists those that are not"
        )
    record_change(connection, found, "acknowledged")


def find_alert(connection: sqlite3.Connection, alert_id: str) -> AlertRow:
    """Return id and fingerprint of the alert whose id begins with `alert_id`.

    Raises `InputError` where no alert does, or several do.
    """
    found = alerts_with_prefix(connection, alert_id)
    if len(found) != 1 or not alert_id:
        what = "several alerts begin with" if found else "no alert"
        raise InputError(f"{what} {alert_id!r}; `modeltap alerts` lists them")
    return found[0]


def _silence_alert(
    connection: sqlite3.Connection, alert_id: str, until: str, reason: str | None
) -> None:
    change_alert(connection, alert_id, silenced_until=until)
    note = f"until {until}" + (f": {reason}" if reason else "")
    record_change(connection, alert_id, "silenced", note=note)
