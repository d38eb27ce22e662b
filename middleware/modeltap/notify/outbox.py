"""The messages that are owed: written with the alert, in one transaction, and sent later."""

from __future__ import annotations

import json
import random
import sqlite3
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from modeltap import clock
from modeltap.alerts.lifecycle import FIRING, Transition
from modeltap.config.webhook_settings import WebhookSettings
from modeltap.notify.events import encoded, event_of
from modeltap.store.connection import writing

RETRY_SECONDS = (5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400)
"""Standard Webhooks' schedule: after the first attempt 5 s, 5 min, ... up to a day."""

MAX_RETRY_AFTER_SECONDS = 86_400.0
"""What a receiver may ask for at most; also bounds how long a message can be owed: ten of these."""

MAX_AGE_SECONDS = (len(RETRY_SECONDS) + 1) * MAX_RETRY_AFTER_SECONDS

_JITTER = 0.1
_SUBJECTS_OF = (
    "select ifnull((select fingerprint from alerts where id = about.value), about.value) "
    "from json_each({}.alert_ids) about"
)
_FREE = "state = 'pending' and (lease_until is null or lease_until <= :now)"
"""Owed, and in nobody's hands; a dead sender's claim has an end."""

_EARLIER = f"""
    from deliveries e where e.state = 'pending' and e.webhook = d.webhook and e.rowid < d.rowid
    and exists ({_SUBJECTS_OF.format("e")} intersect {_SUBJECTS_OF.format("d")})
"""
"""Messages owed to the same receiver about the same subject: these go first."""


@dataclass(frozen=True)
class Delivery:
    """One message that was claimed; `attempts` counts this one, and proves who holds the claim."""

    id: str
    webhook: str
    event_type: str
    body: str
    attempts: int
    created_at: str


@dataclass(frozen=True)
class Outcome:
    """How an attempt went.

    `accepted`: a service that tells no status took it. `gone`: the receiver wants no more. `busy`:
    it did not answer or asked to slow down, so that its other messages wait with this one.
    `retry_after` is in seconds.
    """

    status: int | None = None
    error: str | None = None
    retry_after: float | None = None
    busy: bool = False
    accepted: bool = False

    @property
    def delivered(self) -> bool:
        """The receiver said that it has the message."""
        return self.accepted or (self.status is not None and 200 <= self.status < 300)

    @property
    def gone(self) -> bool:
        """The receiver said that it wants no more messages."""
        return self.status == 410


def enqueue(
    connection: sqlite3.Connection,
    transitions: Sequence[Transition],
    webhooks: Sequence[tuple[str, WebhookSettings]],
    *,
    dashboard_url: str | None = None,
) -> int:
    """Owe each webhook a message about `transitions`; return how many messages.

    Runs inside the caller's transaction. What began together, or ended together, by one rule
    in one window of one model is one message, the worst first. What a silence keeps quiet is left
    out until it ends; the end of what nobody was told of is left out for good.

    Args:
        webhooks: each with the key that the store knows it by.
        dashboard_url: where the messages' links lead to.
    """
    groups: dict[tuple[Any, ...], list[Transition]] = {}
    for one in transitions:
        if not _is_told(connection, one):
            continue
        key = (
            one.event,
            one.alert["rule"],
            one.alert["model"],
            one.alert["version"],
            one.window_start,
            one.window_end,
            one.repeated,
        )
        groups.setdefault(key, []).append(one)
    owed = 0
    for group in groups.values():
        group.sort(key=lambda one: -one.strength)
        ids = [one.alert["id"] for one in group]
        still = _open(connection, group)
        for name, hook in dict(webhooks).items():
            event = event_of(
                group,
                open_alerts=still,
                dashboard=dashboard_url,
                include_values=hook.include_values,
            )
            if _wants(hook, event):
                owe(connection, name, event, ids)
                owed += 1
    return owed


def tell(
    connection: sqlite3.Connection, key: str, webhook: WebhookSettings, event: Mapping[str, Any]
) -> None:
    """Owe a webhook an event that is about no alert, if it wants such."""
    if _wants(webhook, event):
        owe(connection, key, event, [])


def _is_told(connection: sqlite3.Connection, one: Transition) -> bool:
    moment = clock.now()
    if one.event != FIRING:
        return one.alert["notified_at"] is not None
    if (one.alert["silenced_until"] or "") > moment:
        return False
    connection.execute("update alerts set notified_at = ? where id = ?", (moment, one.alert["id"]))
    return True


def _open(connection: sqlite3.Connection, group: Sequence[Transition]) -> int:
    """Count what still fires by the same rule, these included: only the last ends an incident."""
    alert = group[0].alert
    found: int = connection.execute(
        "select count(*) from alerts where rule = ? and model = ? and version = ? "
        "and state not in ('pending', 'resolved')",
        (alert["rule"], alert["model"], alert["version"]),
    ).fetchone()[0]
    return found


def owe(
    connection: sqlite3.Connection, webhook: str, event: Mapping[str, Any], alerts: Sequence[str]
) -> str:
    """Put one message into the outbox, inside the caller's transaction; return its id."""
    message_id = f"msg_{uuid.uuid4().hex}"
    moment = clock.now()
    connection.execute(
        "insert into deliveries (id, webhook, event_type, alert_ids, body, next_at, created_at) "
        "values (?, ?, ?, ?, ?, ?, ?)",
        (
            message_id,
            webhook,
            event["type"],
            json.dumps(list(alerts)),
            encoded(event).decode(),
            moment,
            moment,
        ),
    )
    return message_id


def due(connection: sqlite3.Connection, now: float) -> bool:
    """Say whether a message should be tried now: one indexed look.

    Every pass moves what it cannot send out of the way (`postpone`), so that this stays false
    while there is nothing that a pass could do.
    """
    row = connection.execute(
        f"select 1 from deliveries where {_FREE} and next_at <= :now limit 1",
        {"now": clock.iso(now)},
    ).fetchone()
    return row is not None


def claim(
    connection: sqlite3.Connection,
    webhooks: Sequence[str],
    *,
    now: float,
    limit: int = 1,
    lease_seconds: float = 60.0,
) -> list[Delivery]:
    """Take up to `limit` due messages for `lease_seconds`; nobody else takes them meanwhile.

    In order for each subject: a message waits for the earlier ones about the same fingerprint.
    One short transaction. The lease must outlast the sending of all that is claimed.
    """
    with writing(connection):
        rows = connection.execute(
            "update deliveries set lease_until = :until, attempts = attempts + 1 where rowid in ("
            "select d.rowid from deliveries d where d.state = 'pending' and d.next_at <= :now "
            "and (d.lease_until is null or d.lease_until <= :now) "
            "and d.webhook in (select value from json_each(:webhooks)) "
            f"and not exists (select 1 {_EARLIER}) order by d.rowid limit :limit) "
            "returning rowid, id, webhook, event_type, body, attempts, created_at",
            {
                "until": clock.iso(now + lease_seconds),
                "now": clock.iso(now),
                "limit": limit,
                "webhooks": json.dumps(list(webhooks)),
            },
        ).fetchall()
    return [Delivery(*tuple(row)[1:]) for row in sorted(rows, key=lambda row: int(row[0]))]


def settle(connection: sqlite3.Connection, delivery: Delivery, outcome: Outcome, now: float) -> str:
    """Note how an attempt went; return ``"delivered"``, ``"pending"`` or ``"dead"``.

    One short transaction. A sender that lost its claim may still report success, nothing else.
    """
    with writing(connection):
        if outcome.delivered:
            return _close(connection, delivery, "delivered", outcome, now)
        if outcome.gone:
            _stop(connection, delivery.webhook, outcome, now)
            return _close(connection, delivery, "dead", outcome, now)
        age = now - (clock.parse(delivery.created_at) or now)
        if delivery.attempts > len(RETRY_SECONDS) or age > MAX_AGE_SECONDS:
            return _close(connection, delivery, "dead", outcome, now)
        return _retry(connection, delivery, outcome, now)


def postpone(
    connection: sqlite3.Connection, webhook: str, error: str | None, *, now: float, until: float
) -> None:
    """Leave a receiver's due messages owed until `until`, without an attempt; `error` says why."""
    with writing(connection):
        connection.execute(
            "update deliveries set next_at = :until, last_error = ifnull(:error, last_error) "
            "where webhook = :webhook "
            f"and next_at < :until and {_FREE}",
            {"until": clock.iso(until), "error": error, "webhook": webhook, "now": clock.iso(now)},
        )


def hold_back(connection: sqlite3.Connection, webhook: str, now: float) -> None:
    """Let each due message that waits for an earlier one become due when that one is."""
    with writing(connection):
        connection.execute(
            f"update deliveries as d set next_at = (select max(e.next_at) {_EARLIER}) "
            "where d.state = 'pending' and d.webhook = :webhook and d.next_at <= :now "
            f"and exists (select 1 {_EARLIER} and e.next_at > :now)",
            {"webhook": webhook, "now": clock.iso(now)},
        )


def replay(
    connection: sqlite3.Connection,
    now: float,
    *,
    message: str | None = None,
    webhook: str | None = None,
) -> int:
    """Owe what was given up, or waits for another try, at once; return how many messages.

    Inside the caller's transaction. A message that is being posted just now is left alone.
    """
    moment = clock.iso(now)
    return connection.execute(
        "update deliveries set state = 'pending', attempts = 0, next_at = :now, created_at = :now "
        f"where (state = 'dead' or (attempts > 0 and {_FREE})) and (:id is null or id = :id) "
        "and (:webhook is null or webhook = :webhook)",
        {"now": moment, "id": message, "webhook": webhook},
    ).rowcount


def waiting(connection: sqlite3.Connection) -> tuple[int, str | None]:
    """Return how many messages are still owed, and when the first of them is due."""
    count, first = connection.execute(
        "select count(*), min(next_at) from deliveries where state = 'pending'"
    ).fetchone()
    return count, first


def strangers(connection: sqlite3.Connection, known: Sequence[str], now: float) -> list[str]:
    """Return the webhooks that due messages are owed to and `known` does not name.

    Messages to them older than any schedule are dead: nobody will ever be asked to take them.
    """
    unknown = "webhook not in (select value from json_each(?)) and state = 'pending'"
    names = json.dumps(list(known))
    rows = connection.execute(
        f"select distinct webhook from deliveries where {unknown} and next_at <= ?",
        (names, clock.iso(now)),
    ).fetchall()
    if rows:
        with writing(connection):
            connection.execute(
                f"update deliveries set state = 'dead' where {unknown} and created_at < ?",
                (names, clock.iso(now - MAX_AGE_SECONDS)),
            )
    return [row[0] for row in rows]


def _close(
    connection: sqlite3.Connection, delivery: Delivery, state: str, outcome: Outcome, now: float
) -> str:
    holder = "" if outcome.delivered else "and attempts = :attempts"
    connection.execute(
        "update deliveries set state = :state, last_status = :status, last_error = :error, "
        "lease_until = null, next_at = null, delivered_at = :delivered_at "
        f"where id = :id and state = 'pending' {holder}",
        {
            "state": state,
            "status": outcome.status,
            "error": outcome.error,
            "id": delivery.id,
            "attempts": delivery.attempts,
            "delivered_at": clock.iso(now) if outcome.delivered else None,
        },
    )
    return state


def _stop(connection: sqlite3.Connection, webhook: str, outcome: Outcome, now: float) -> None:
    """A receiver that is gone gets nothing of what is still owed to it."""
    connection.execute(
        "update deliveries set state = 'dead', last_error = :error, next_at = null "
        f"where webhook = :webhook and {_FREE}",
        {"error": outcome.error, "webhook": webhook, "now": clock.iso(now)},
    )


def _retry(connection: sqlite3.Connection, delivery: Delivery, outcome: Outcome, now: float) -> str:
    wait = RETRY_SECONDS[delivery.attempts - 1] * random.uniform(1 - _JITTER, 1 + _JITTER)
    asked = min(outcome.retry_after or 0.0, MAX_RETRY_AFTER_SECONDS)
    next_at = clock.iso(now + max(wait, asked))
    connection.execute(
        "update deliveries set last_status = ?, last_error = ?, lease_until = null, next_at = ? "
        "where id = ? and state = 'pending' and attempts = ?",
        (outcome.status, outcome.error, next_at, delivery.id, delivery.attempts),
    )
    if outcome.busy:
        connection.execute(
            "update deliveries set next_at = :next where webhook = :webhook "
            f"and next_at < :next and {_FREE}",
            {"next": next_at, "webhook": delivery.webhook, "now": clock.iso(now)},
        )
    return "pending"


def _wants(webhook: WebhookSettings, event: Mapping[str, Any]) -> bool:
    if event["type"] not in webhook.events:
        return False
    model = event["data"].get("model")
    return not (webhook.models and model) or model in webhook.models
