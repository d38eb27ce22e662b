"""Changes of an alert by forms: acknowledge, silence, note, send messages again."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Mapping
from typing import Any

from modeltap import clock
from modeltap.alerts.silence import acknowledge, add_note, end_silence, find_alert, silence
from modeltap.config.windows import parse_seconds
from modeltap.errors import InputError
from modeltap.notify.outbox import replay_one
from modeltap.store.delivery_attempts import messages_about
from modeltap.store.silences import list_silences

_LONGEST_SILENCE = 366 * clock.DAY

_ACTIONS = "acknowledge, silence, end_silence, note or send"


def change_alert_by_form(
    connection: sqlite3.Connection, alert_id: str, form: Mapping[str, Any]
) -> None:
    """Change an alert as a form asks, inside the transaction.

    Raises:
        InputError: if the form asks for something else, or the alert is not in the store.
    """
    action = str(form.get("action", ""))
    note = str(form.get("note", "")).strip() or None
    if action == "acknowledge":
        acknowledge(connection, alert_id, note)
    elif action == "note":
        add_note(connection, alert_id, note or "")
    elif action == "silence":
        _silence(connection, alert_id, str(form.get("for", "")), note)
    elif action == "end_silence":
        end_silence(connection, str(form.get("silence", "")))
    elif action == "send":
        message, delivered = str(form.get("message", "")), form.get("delivered") == "1"
        send_again(connection, alert_id, message, delivered=delivered)
    else:
        raise InputError(f"unknown action {action!r}; use {_ACTIONS}")


def _silence(
    connection: sqlite3.Connection, alert_id: str, duration: str, note: str | None
) -> None:
    seconds = parse_seconds(duration, "the time of a silence")
    if seconds > _LONGEST_SILENCE:
        raise InputError(f"a silence of {duration!r} is too long; use at most 366d")
    until = clock.iso(time.time() + seconds)
    fingerprint = find_alert(connection, alert_id)["fingerprint"]
    silence(connection, until, fingerprint=fingerprint, reason=note)


def send_again(
    connection: sqlite3.Connection, alert_id: str, message: str, *, delivered: bool = False
) -> None:
    """Make a message about an alert due now, as `modeltap webhook replay` does.

    Args:
        delivered: also if it was delivered before.

    Raises:
        InputError: if it is not about the alert, or cannot be sent again; see `replay_one`.
    """
    known = {own["id"] for own in messages_about(connection, _full_id(connection, alert_id))}
    if message not in known:
        raise InputError(f"alert {alert_id!r} has no message {message!r}")
    replay_one(connection, time.time(), message, delivered=delivered)


def _full_id(connection: sqlite3.Connection, alert_id: str) -> str:
    return str(find_alert(connection, alert_id)["id"])


def silences_of(connection: sqlite3.Connection, alert_id: str) -> list[dict[str, Any]]:
    """Return the active silences that were made for an alert."""
    return [own for own in list_silences(connection, clock.now()) if own["alert"] == alert_id]
