"""The messages of the outbox: pending, delivered or dead.

A claimed message has a lease, during which no other sender takes it; after a crash the lease
expires. Times are timestamps as the store writes them.
"""

from __future__ import annotations

import json
import sqlite3
import uuid
from collections.abc import Sequence
from typing import Any, NamedTuple

from modeltap.clock import now

_SUBJECTS_OF = (
    "select ifnull((select fingerprint from alerts where id = about.value), about.value) "
    "from json_each({}.alert_ids) about"
)
_FREE = "state = 'pending' and (lease_until is null or lease_until <= :now)"
"""Pending and unclaimed; a crashed sender's claim expires."""

_EARLIER = f"""
    from deliveries e where e.state = 'pending' and e.webhook = d.webhook and e.rowid < d.rowid
    and exists ({_SUBJECTS_OF.format("e")} intersect {_SUBJECTS_OF.format("d")})
"""
"""Earlier pending messages to the same receiver about the same subject, which are sent first."""

_REQUEUE = (
    "update deliveries set state = 'pending', attempts = 0, next_at = :now, created_at = :now where"
)

_UNKNOWN = "webhook not in (select value from json_each(:known)) and state = 'pending'"


class Delivery(NamedTuple):
    """A claimed message; `attempts` includes this attempt and identifies the claim's holder."""

    id: str
    webhook: str
    event_type: str
    body: str
    attempts: int
    created_at: str


class Waiting(NamedTuple):
    """The number of pending messages, and when the first one is due; None if there is none."""

    messages: int
    first: str | None


class Undelivered(NamedTuple):
    """The number of messages that a webhook did not accept, and the error of one of them."""

    webhook: str
    messages: int
    error: str | None


def insert_message(
    connection: sqlite3.Connection,
    webhook: str,
    event_type: str,
    body: str,
    alert_ids: Sequence[str],
) -> str:
    """Write a message that is due at once, inside the caller's transaction; return its id.

    Args:
        webhook: its key in the store.
        body: JSON.
        alert_ids: the alerts that the message is about.
    """
    message_id = f"msg_{uuid.uuid4().hex}"
    moment = now()
    connection.execute(
        "insert into deliveries (id, webhook, event_type, alert_ids, body, next_at, created_at) "
        "values (?, ?, ?, ?, ?, ?, ?)",
        (message_id, webhook, event_type, json.dumps(list(alert_ids)), body, moment, moment),
    )
    return message_id


def any_due(connection: sqlite3.Connection, moment: str) -> bool:
    """Return True if an unclaimed message is due; uses a single index look-up."""
    row = connection.execute(
        f"select 1 from deliveries where {_FREE} and next_at <= :now limit 1", {"now": moment}
    ).fetchone()
    return row is not None


def claim_message(
    connection: sqlite3.Connection, webhook: str, *, now: str, until: str
) -> Delivery | None:
    """Claim a webhook's first due message until `until`, inside the transaction.

    A message waits for the earlier ones about the same subject. None if no message is due.
    """
    row = connection.execute(
        "update deliveries set lease_until = :until, attempts = attempts + 1 where rowid = ("
        "select d.rowid from deliveries d where d.state = 'pending' and d.next_at <= :now "
        "and (d.lease_until is null or d.lease_until <= :now) and d.webhook = :webhook "
        f"and not exists (select 1 {_EARLIER}) order by d.rowid limit 1) "
        "returning id, webhook, event_type, body, attempts, created_at",
        {"until": until, "now": now, "webhook": webhook},
    ).fetchone()
    return None if row is None else Delivery(*row)


def close_message(
    connection: sqlite3.Connection,
    delivery: Delivery,
    state: str,
    *,
    status: int | None,
    error: str | None,
    delivered_at: str | None,
) -> None:
    """Set the final state of a message, inside the caller's transaction.

    Any process may close a delivered message; otherwise only the holder of the claim may.
    """
    holder = "" if delivered_at is not None else "and attempts = :attempts"
    connection.execute(
        "update deliveries set state = :state, last_status = :status, last_error = :error, "
        "lease_until = null, next_at = null, delivered_at = :delivered_at "
        f"where id = :id and state = 'pending' {holder}",
        {
            "state": state,
            "status": status,
            "error": error,
            "id": delivery.id,
            "attempts": delivery.attempts,
            "delivered_at": delivered_at,
        },
    )


def retry_message(
    connection: sqlite3.Connection,
    delivery: Delivery,
    next_at: str,
    *,
    status: int | None,
    error: str | None,
) -> None:
    """Schedule a claimed message for another attempt at `next_at`, inside the transaction."""
    connection.execute(
        "update deliveries set last_status = ?, last_error = ?, lease_until = null, next_at = ? "
        "where id = ? and state = 'pending' and attempts = ?",
        (status, error, next_at, delivery.id, delivery.attempts),
    )


def delay_webhook(
    connection: sqlite3.Connection, webhook: str, until: str, *, now: str, error: str | None = None
) -> None:
    """Delay all unclaimed messages to a webhook until `until`, inside the transaction.

    Args:
        error: replaces the error of the last attempt; None keeps it.
    """
    connection.execute(
        "update deliveries set next_at = :until, last_error = ifnull(:error, last_error) "
        f"where webhook = :webhook and next_at < :until and {_FREE}",
        {"until": until, "error": error, "webhook": webhook, "now": now},
    )


def drop_webhook(
    connection: sqlite3.Connection, webhook: str, *, now: str, error: str | None
) -> None:
    """Mark all unclaimed messages to a webhook as dead, inside the caller's transaction."""
    connection.execute(
        "update deliveries set state = 'dead', last_error = :error, next_at = null "
        f"where webhook = :webhook and {_FREE}",
        {"error": error, "webhook": webhook, "now": now},
    )


def wait_for_earlier(connection: sqlite3.Connection, webhook: str, now: str) -> None:
    """Delay each due message until the earlier message about its subject is due."""
    connection.execute(
        f"update deliveries as d set next_at = (select max(e.next_at) {_EARLIER}) "
        "where d.state = 'pending' and d.webhook = :webhook and d.next_at <= :now "
        f"and exists (select 1 {_EARLIER} and e.next_at > :now)",
        {"webhook": webhook, "now": now},
    )


def requeue_messages(
    connection: sqlite3.Connection, now: str, *, message: str | None, webhook: str | None
) -> int:
    """Make dead and failed messages due now, inside the transaction; return their number.

    A message that is being sent is left alone.
    """
    return connection.execute(
        f"{_REQUEUE} (state = 'dead' or (attempts > 0 and {_FREE})) "
        "and (:id is null or id = :id) and (:webhook is null or webhook = :webhook)",
        {"now": now, "id": message, "webhook": webhook},
    ).rowcount


def requeue_delivered(connection: sqlite3.Connection, now: str, message: str) -> bool:
    """Make a delivered message due now, inside the transaction; False if it is not delivered."""
    done = connection.execute(
        f"{_REQUEUE} state = 'delivered' and id = :id", {"now": now, "id": message}
    )
    return done.rowcount > 0


def state_of(connection: sqlite3.Connection, message: str) -> str | None:
    """Return the state of a message, None if there is no such message."""
    row = connection.execute("select state from deliveries where id = ?", (message,)).fetchone()
    return None if row is None else str(row[0])


def waiting(connection: sqlite3.Connection) -> Waiting:
    """Return the number of pending messages, and when the first one is due."""
    row = connection.execute(
        "select count(*), min(next_at) from deliveries where state = 'pending'"
    ).fetchone()
    return Waiting(*row)


def unknown_webhooks(
    connection: sqlite3.Connection, known: Sequence[str], moment: str
) -> list[str]:
    """Return the webhooks of due messages that are not among the `known` keys."""
    rows = connection.execute(
        f"select distinct webhook from deliveries where {_UNKNOWN} and next_at <= :now",
        {"known": json.dumps(list(known)), "now": moment},
    )
    return [webhook for (webhook,) in rows]


def drop_unknown(connection: sqlite3.Connection, known: Sequence[str], before: str) -> None:
    """Mark messages to unknown webhooks as dead if they are older than `before`."""
    connection.execute(
        f"update deliveries set state = 'dead' where {_UNKNOWN} and created_at < :before",
        {"known": json.dumps(list(known)), "before": before},
    )


def webhooks_with_messages(connection: sqlite3.Connection) -> list[str]:
    """Return the webhooks that have pending messages."""
    rows = connection.execute("select distinct webhook from deliveries where state = 'pending'")
    return [webhook for (webhook,) in rows]


def undelivered(
    connection: sqlite3.Connection, attempts: int, *, waiting_since: str, dead_since: str
) -> list[Undelivered]:
    """Return the webhooks that did not accept messages.

    Args:
        attempts: the least number of attempts after which a pending message counts.
        waiting_since: pending messages count if they were created by then.
        dead_since: dead messages count if they were created at that time or later.
    """
    rows = connection.execute(
        "select webhook, count(*), last_error from deliveries where (state = 'pending' and "
        "attempts >= ? and created_at <= ?) or (state = 'dead' and created_at >= ?) "
        "group by webhook",
        (attempts, waiting_since, dead_since),
    )
    return [Undelivered(*row) for row in rows]


def count_by_webhook(connection: sqlite3.Connection) -> list[dict[str, Any]]:
    """Return each webhook's message counts by state, with `next_at` and `last_error`."""
    rows = connection.execute(
        "select webhook, sum(state = 'pending') as pending, sum(state = 'delivered') as "
        "delivered, sum(state = 'dead') as dead, min(next_at) as next_at, "
        "max(last_error) as last_error from deliveries group by 1"
    )
    return list(map(dict, rows))


class Failure(NamedTuple):
    """The messages that failed at one webhook for one reason."""

    webhook: str
    error: str | None
    messages: int


def failures(connection: sqlite3.Connection) -> list[Failure]:
    """Return the attempted but undelivered messages, by webhook and reason."""
    rows = connection.execute(
        "select webhook, last_error, count(*) from deliveries where state <> 'delivered' and "
        "attempts > 0 group by 1, 2"
    )
    return [Failure(*row) for row in rows]


def count_delivered(connection: sqlite3.Connection) -> int:
    """Return the number of delivered messages."""
    row = connection.execute("select count(*) from deliveries where state = 'delivered'").fetchone()
    return int(row[0])
