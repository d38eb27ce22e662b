"""The messages that are owed: written with the alert, in one transaction, and sent later."""

from __future__ import annotations

import json
import sqlite3
import uuid
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from modeltap import clock
from modeltap.alerts import rules
from modeltap.alerts.state import FIRING, Transition
from modeltap.config import WebhookSettings
from modeltap.store.connection import writing

_MAX_ALERTS = 20
"""Standard Webhooks asks for bodies below 20 KB; an alert with its words is some 600 bytes."""

_SUMMED_UP = 3
_SHOWN = (
    "id", "fingerprint", "metric", "feature", "segment", "state", "value", "threshold", "p_value",
    "window_start", "window_end", "last_window_start", "started_at", "resolved_at", "summary",
)  # fmt: skip


def enqueue(
    connection: sqlite3.Connection,
    transitions: Sequence[Transition],
    webhooks: Sequence[tuple[str, WebhookSettings]],
) -> int:
    """Owe each webhook a message about `transitions`; return how many messages.

    Runs inside the caller's transaction. What began together, or ended together, by one rule
    in one window of one model is one message, the worst first.

    Args:
        webhooks: each with the key that the store knows it by.
    """
    groups: dict[tuple[str, str, str, str], list[Transition]] = {}
    for transition in transitions:
        alert = transition.alert
        subject = (transition.event, alert["rule"], alert["model"], alert["version"])
        groups.setdefault(subject, []).append(transition)
    owed = 0
    for group in groups.values():
        event = _event(sorted(group, key=lambda t: -t.strength))
        for key, webhook in webhooks:
            if event["type"] in webhook.events and _wants(webhook, event["data"]["model"]):
                owe(connection, key, event, [t.alert["id"] for t in group])
                owed += 1
    return owed


def owe(
    connection: sqlite3.Connection, webhook: str, event: Mapping[str, Any], alerts: Sequence[str]
) -> str:
    """Put one message into the outbox, inside the caller's transaction; return its id."""
    message_id = f"msg_{uuid.uuid4().hex}"
    connection.execute(
        "insert into deliveries (id, webhook, event_type, alert_ids, body, next_at, created_at) "
        "values (?, ?, ?, ?, ?, ?, ?)",
        (message_id, webhook, event["type"], json.dumps(list(alerts)), json.dumps(event),
         clock.now(), clock.now()),
    )  # fmt: skip
    return message_id


def due(connection: sqlite3.Connection, now: float) -> bool:
    """Say whether a message should be tried now: one indexed look."""
    row = connection.execute(
        "select 1 from deliveries where state = 'pending' and next_at <= ? limit 1",
        (clock.iso(now),),
    ).fetchone()
    return row is not None


def claim(
    connection: sqlite3.Connection, webhooks: Iterable[str], now: float, lease_seconds: float
) -> list[sqlite3.Row]:
    """Take the messages that are due, for `lease_seconds`; nobody else takes them meanwhile.

    In order for each alert: a message waits for the earlier ones about the same alert.
    """
    claimed = []
    with writing(connection):
        for webhook in webhooks:
            waiting: set[str] = set()
            rows = connection.execute(
                "select * from deliveries where state = 'pending' and webhook = ? order by rowid",
                (webhook,),
            ).fetchall()
            for row in rows:
                alerts = set(json.loads(row["alert_ids"]))
                free = row["lease_until"] is None or row["lease_until"] <= clock.iso(now)
                if free and row["next_at"] <= clock.iso(now) and not alerts & waiting:
                    claimed.append(row)
                waiting |= alerts
        connection.executemany(
            "update deliveries set lease_until = ? where id = ?",
            [(clock.iso(now + lease_seconds), row["id"]) for row in claimed],
        )
    return claimed


def settle(
    connection: sqlite3.Connection, message_id: str, *, state: str, status: int | None,
    error: str | None, now: float, next_at: float | None,
) -> None:  # fmt: skip
    """Note how an attempt went; the claim ends."""
    with writing(connection):
        connection.execute(
            "update deliveries set state = ?, attempts = attempts + 1, last_status = ?, "
            "last_error = ?, lease_until = null, next_at = ?, delivered_at = ? "
            "where id = ? and state = 'pending'",
            (state, status, error, None if next_at is None else clock.iso(next_at),
             clock.iso(now) if state == "delivered" else None, message_id),
        )  # fmt: skip


def _wants(webhook: WebhookSettings, model: str) -> bool:
    return not webhook.models or model in webhook.models


def _event(group: Sequence[Transition]) -> dict[str, Any]:
    first = group[0].alert
    shown = [{name: t.alert[name] for name in _SHOWN} for t in group[:_MAX_ALERTS]]
    return {
        "type": group[0].event,
        "timestamp": clock.now(),
        "data": {
            "model": first["model"], "version": first["version"], "rule": first["rule"],
            "severity": first["severity"], "window_start": first["window_start"],
            "window_end": first["window_end"], "summary": summary(group),
            "alerts": shown, "alerts_left_out": len(group) - len(shown),
        },
    }  # fmt: skip


def summary(group: Sequence[Transition]) -> str:
    """Say what happened in a sentence or two, the worst first."""
    first = group[0].alert
    head = f"{first['model']}: "
    if group[0].event != FIRING:
        names = ", ".join(t.alert["feature"] or t.alert["metric"] for t in group)
        return f"{head}back to normal since {clock.short(first['resolved_at'])}: {names}"
    when = f"{clock.short(first['window_start'])} to {clock.short(first['window_end'])}"
    told = [str(t.alert["summary"]) for t in group[:_SUMMED_UP]]
    rest = [t.alert["feature"] or t.alert["metric"] for t in group[_SUMMED_UP:]]
    more = f"; and {len(rest)} more: {', '.join(rest[:_MAX_ALERTS])}" if rest else ""
    subject = _SUBJECTS[first["rule"]]
    count = f"{len(group)} " if first["rule"] == rules.DATA_DRIFT.name and len(group) > 1 else ""
    return f"{head}{count}{subject} ({when}): {'; '.join(told)}{more}"


_SUBJECTS = {
    rule.name: rule.subject
    for rule in (rules.DATA_DRIFT, rules.PREDICTION_DRIFT, rules.DATA_QUALITY, rules.PERFORMANCE,
                 rules.LATENCY, rules.ERROR_RATE)
}  # fmt: skip
