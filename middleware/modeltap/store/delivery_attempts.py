"""Attempts to send messages: one row each, so that a retried message shows what happened."""

from __future__ import annotations

import sqlite3
from typing import Any

from modeltap.clock import now

DELIVERED, FAILED, DEAD = "delivered", "failed", "dead"

_OUTCOMES = {"delivered": DELIVERED, "pending": FAILED, "dead": DEAD}
"""The outcome of an attempt by the state of the message after it."""

_MOST = 200
"""Attempts that are read: a message is given up after about 30."""


def record_attempt(
    connection: sqlite3.Connection,
    delivery_id: str,
    state: str,
    *,
    status: int | None,
    error: str | None,
) -> None:
    """Record an attempt, inside the caller's transaction.

    Args:
        state: of the message after the attempt.
    """
    connection.execute(
        "insert into delivery_attempts (delivery_id, outcome, status, error, at) "
        "values (?, ?, ?, ?, ?)",
        (delivery_id, _OUTCOMES[state], status, error, now()),
    )


def messages_about(connection: sqlite3.Connection, alert_id: str) -> list[dict[str, Any]]:
    """Return the messages about an alert in order, without their bodies."""
    rows = connection.execute(
        "select id, webhook, event_type, state, attempts, next_at, last_status, last_error, "
        "created_at, delivered_at from deliveries d where instr(alert_ids, ?1) and exists "
        "(select 1 from json_each(d.alert_ids) about where about.value = ?1) order by rowid",
        (alert_id,),
    )
    return list(map(dict, rows))


def attempts_about(connection: sqlite3.Connection, alert_id: str) -> list[dict[str, Any]]:
    """Return the last attempts to send messages about an alert, in order."""
    rows = connection.execute(
        "select * from (select a.at, a.delivery_id, d.webhook, d.event_type, a.outcome, a.status, "
        "a.error from delivery_attempts a join deliveries d on d.id = a.delivery_id "
        "where instr(d.alert_ids, ?1) and exists (select 1 from json_each(d.alert_ids) about "
        "where about.value = ?1) order by a.seq desc limit ?2) order by at",
        (alert_id, _MOST),
    )
    return list(map(dict, rows))
