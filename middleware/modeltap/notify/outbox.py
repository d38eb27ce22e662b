"""The outbox: messages are written with the alert, in one transaction, and sent later."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from modeltap import clock
from modeltap.alerts.transitions import FIRING, Transition
from modeltap.config.webhook_settings import WebhookSettings
from modeltap.notify.events import encoded, event_of
from modeltap.notify.retries import MAX_AGE_SECONDS, seconds_to_retry
from modeltap.store import deliveries
from modeltap.store.alerts import count_open, record_notified
from modeltap.store.connection import writing
from modeltap.store.deliveries import Delivery

_PARTS = ("rows", "predictions", "event_time")
"""What exchanges may lack: each reason is fixed by a setting of its own."""


@dataclass(frozen=True)
class DeliveryOutcome:
    """How an attempt went.

    `accepted`: a service without statuses took the message. `busy`: the receiver did not answer
    or asked to slow down, so that its other messages wait with this one. `retry_after` is in
    seconds.
    """

    status: int | None = None
    error: str | None = None
    retry_after: float | None = None
    busy: bool = False
    accepted: bool = False

    @property
    def delivered(self) -> bool:
        """The receiver has the message."""
        return self.accepted or (self.status is not None and 200 <= self.status < 300)

    @property
    def gone(self) -> bool:
        """The receiver takes no more messages."""
        return self.status == 410


def enqueue(
    connection: sqlite3.Connection,
    transitions: Sequence[Transition],
    webhooks: Sequence[tuple[str, WebhookSettings]],
    *,
    dashboard_url: str | None = None,
) -> int:
    """Enqueue messages about `transitions` for each webhook; return how many messages.

    Runs inside the caller's transaction. Alerts that began together, or ended together, by one
    rule in one window of one model are one message, the worst first; of what exchanges lack each
    reason is one. Silenced alerts are left out
    until the silence ends; the end of an alert that was never reported is left out for good.

    Args:
        webhooks: each with the key that the store knows it by.
        dashboard_url: the target of the messages' links.
    """
    enqueued = 0
    for group in _grouped(connection, transitions):
        alert_ids = [one.alert["id"] for one in group]
        still_open = count_open(connection, group[0].alert)
        for key, webhook in dict(webhooks).items():
            event = event_of(
                group,
                open_alerts=still_open,
                dashboard=dashboard_url,
                include_values=webhook.include_values,
            )
            if _subscribes(webhook, event):
                enqueue_message(connection, key, event, alert_ids)
                enqueued += 1
    return enqueued


def enqueue_event(
    connection: sqlite3.Connection, key: str, webhook: WebhookSettings, event: Mapping[str, Any]
) -> None:
    """Enqueue an event that is about no alert, if the webhook subscribes to such."""
    if _subscribes(webhook, event):
        enqueue_message(connection, key, event, [])


def enqueue_message(
    connection: sqlite3.Connection, key: str, event: Mapping[str, Any], alert_ids: Sequence[str]
) -> str:
    """Put one message into the outbox, inside the caller's transaction; return its id."""
    body = encoded(event).decode()
    return deliveries.insert_message(connection, key, event["type"], body, alert_ids)


def any_due(connection: sqlite3.Connection, now: float) -> bool:
    """Return whether a message should be sent now: one look-up in an index.

    Every pass moves what it cannot send out of the way (`postpone`), so that this stays false
    while there is nothing that a pass could do.
    """
    return deliveries.any_due(connection, clock.iso(now))


def claim(
    connection: sqlite3.Connection, key: str, *, now: float, lease_seconds: float
) -> Delivery | None:
    """Claim the next due message to a webhook for `lease_seconds`; None if there is none.

    Nobody else takes it meanwhile. In order for each subject: a message waits for the earlier
    ones about the same fingerprint. One short transaction.
    """
    with writing(connection):
        return deliveries.claim_message(
            connection, key, now=clock.iso(now), until=clock.iso(now + lease_seconds)
        )


def settle(
    connection: sqlite3.Connection, delivery: Delivery, outcome: DeliveryOutcome, now: float
) -> str:
    """Note how an attempt went; return ``"delivered"``, ``"pending"`` or ``"dead"``.

    One short transaction. A sender that lost its claim may still report success, nothing else.
    """
    with writing(connection):
        if outcome.delivered:
            return _close(connection, delivery, "delivered", outcome, now)
        if outcome.gone:
            deliveries.drop_webhook(
                connection, delivery.webhook, now=clock.iso(now), error=outcome.error
            )
            return _close(connection, delivery, "dead", outcome, now)
        age = now - (clock.parse(delivery.created_at) or now)
        wait = seconds_to_retry(delivery.attempts, age, outcome.retry_after)
        if wait is None:
            return _close(connection, delivery, "dead", outcome, now)
        return _retry(connection, delivery, outcome, now, wait)


def postpone(
    connection: sqlite3.Connection, webhook: str, error: str | None, *, now: float, until: float
) -> None:
    """Postpone a receiver's due messages, without an attempt; `error` says why."""
    with writing(connection):
        deliveries.delay_webhook(
            connection, webhook, clock.iso(until), now=clock.iso(now), error=error
        )


def hold_back(connection: sqlite3.Connection, webhook: str, now: float) -> None:
    """Let each due message that waits for an earlier one become due when that one is."""
    with writing(connection):
        deliveries.wait_for_earlier(connection, webhook, clock.iso(now))


def replay(
    connection: sqlite3.Connection,
    now: float,
    *,
    message: str | None = None,
    webhook: str | None = None,
) -> int:
    """Let dead and failed messages be due at once; return how many messages.

    Inside the caller's transaction. A message that is being posted just now is left alone.
    """
    return deliveries.requeue_messages(connection, clock.iso(now), message=message, webhook=webhook)


def unknown_webhooks(connection: sqlite3.Connection, known: Sequence[str], now: float) -> list[str]:
    """Return the webhooks of due messages that are not among the `known` keys.

    Their messages that are older than any schedule are dead: no attempt will ever be made.
    """
    unknown = deliveries.unknown_webhooks(connection, known, clock.iso(now))
    if unknown:
        with writing(connection):
            deliveries.drop_unknown(connection, known, clock.iso(now - MAX_AGE_SECONDS))
    return unknown


def _grouped(
    connection: sqlite3.Connection, transitions: Sequence[Transition]
) -> list[list[Transition]]:
    """Return the transitions that are reported, grouped by message, in each the worst first."""
    groups: dict[tuple[Any, ...], list[Transition]] = {}
    for one in transitions:
        if _is_reported(connection, one):
            about = (one.alert[name] for name in ("rule", "model", "version"))
            when = (one.window_start, one.window_end, one.repeated)
            key = (one.event, *about, _lacking(one), *when)
            groups.setdefault(key, []).append(one)
    return [sorted(group, key=lambda one: -one.strength) for group in groups.values()]


def _lacking(one: Transition) -> str | None:
    """Return the part that exchanges lack with the reason, which has a message of its own."""
    feature = str(one.alert["feature"])
    is_part = one.alert["rule"] == "not_monitored" and feature.partition(": ")[0] in _PARTS
    return feature if is_part else None


def _is_reported(connection: sqlite3.Connection, one: Transition) -> bool:
    """Return whether receivers are notified now; of a firing alert that is noted."""
    moment = clock.now()
    if one.event != FIRING:
        return one.alert["notified_at"] is not None
    if (one.alert["silenced_until"] or "") > moment:
        return False
    record_notified(connection, one.alert["id"], moment)
    return True


def _close(
    connection: sqlite3.Connection,
    delivery: Delivery,
    state: str,
    outcome: DeliveryOutcome,
    now: float,
) -> str:
    deliveries.close_message(
        connection,
        delivery,
        state,
        status=outcome.status,
        error=outcome.error,
        delivered_at=clock.iso(now) if outcome.delivered else None,
    )
    return state


def _retry(
    connection: sqlite3.Connection,
    delivery: Delivery,
    outcome: DeliveryOutcome,
    now: float,
    wait: float,
) -> str:
    next_at = clock.iso(now + wait)
    deliveries.retry_message(
        connection, delivery, next_at, status=outcome.status, error=outcome.error
    )
    if outcome.busy:
        deliveries.delay_webhook(connection, delivery.webhook, next_at, now=clock.iso(now))
    return "pending"


def _subscribes(webhook: WebhookSettings, event: Mapping[str, Any]) -> bool:
    if event["type"] not in webhook.events:
        return False
    model = event["data"].get("model")
    return not (webhook.models and model) or model in webhook.models
