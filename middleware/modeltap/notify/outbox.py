"""The outbox: messages are stored in the transaction of their alert and sent later."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from modeltap import clock
from modeltap.alerts.transitions import FIRING, Transition
from modeltap.config.webhook_settings import WebhookSettings
from modeltap.errors import InputError
from modeltap.notify.events import encoded, event_of, rule_name
from modeltap.notify.retries import MAX_AGE_SECONDS, seconds_to_retry
from modeltap.store import deliveries
from modeltap.store.alerts import count_open, record_notified
from modeltap.store.connection import writing
from modeltap.store.deliveries import Delivery
from modeltap.store.delivery_attempts import record_attempt

_TWICE = (
    "confirm with --delivered, or on the page of its alert, that its receiver gets it again: a "
    "chat shows it twice, other receivers know it by its id"
)

_PARTS = ("rows", "predictions", "event_time")
"""Parts that exchanges may lack. Each reason has a different fix, and so its own message."""


@dataclass(frozen=True)
class DeliveryOutcome:
    """The outcome of an attempt.

    Args:
        accepted: a service without HTTP statuses accepted the message.
        busy: the receiver did not respond or is overloaded, so its other messages wait, too.
        retry_after: seconds.
        answer: the beginning of the response's body, if it was asked for.
    """

    status: int | None = None
    error: str | None = None
    retry_after: float | None = None
    busy: bool = False
    accepted: bool = False
    answer: bytes = b""

    @property
    def delivered(self) -> bool:
        """True if the receiver accepted the message."""
        return self.accepted or (self.status is not None and 200 <= self.status < 300)

    @property
    def gone(self) -> bool:
        """True if the receiver no longer exists (status 410)."""
        return self.status == 410


def enqueue(
    connection: sqlite3.Connection,
    transitions: Sequence[Transition],
    webhooks: Sequence[tuple[str, WebhookSettings]],
    *,
    dashboard_url: str | None = None,
) -> int:
    """Enqueue messages about `transitions` for each webhook; return the number of messages.

    Runs inside the caller's transaction. Alerts of one rule and model that began, or ended, in the
    same window are one message, the most severe first. Alerts about a part that exchanges lack
    are one message per reason. Silenced alerts are skipped until the silence ends. The end of an
    alert that was never reported is not reported either.

    Args:
        webhooks: pairs of the key in the store and the webhook.
        dashboard_url: the base URL of the messages' links.
    """
    enqueued = 0
    for group in _grouped(connection, transitions):
        alert_ids = [item.alert["id"] for item in group]
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
    """Enqueue an event without an alert, if the webhook subscribes to its type."""
    if _subscribes(webhook, event):
        enqueue_message(connection, key, event, [])


def enqueue_message(
    connection: sqlite3.Connection, key: str, event: Mapping[str, Any], alert_ids: Sequence[str]
) -> str:
    """Add a message to the outbox, inside the caller's transaction; return its id."""
    body = encoded(event).decode()
    return deliveries.insert_message(connection, key, event["type"], body, alert_ids)


def any_due(connection: sqlite3.Connection, now: float) -> bool:
    """Return True if a message is due; a single index lookup.

    A pass postpones the messages that it cannot send (`postpone`), so the result is False until
    a pass can make progress.
    """
    return deliveries.any_due(connection, clock.iso(now))


def claim(
    connection: sqlite3.Connection, key: str, *, now: float, lease_seconds: float
) -> Delivery | None:
    """Claim the next due message to a webhook for `lease_seconds`; None if there is none.

    No other process sends a claimed message. Messages about the same fingerprint are sent in
    order. Uses one short transaction.
    """
    with writing(connection):
        return deliveries.claim_message(
            connection, key, now=clock.iso(now), until=clock.iso(now + lease_seconds)
        )


def settle(
    connection: sqlite3.Connection, delivery: Delivery, outcome: DeliveryOutcome, now: float
) -> str:
    """Record the outcome of an attempt; return ``"delivered"``, ``"pending"`` or ``"dead"``.

    Uses one short transaction. A sender with an expired claim can still record a success.
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
    """Postpone a receiver's due messages without an attempt; `error` is the reason."""
    with writing(connection):
        deliveries.delay_webhook(
            connection, webhook, clock.iso(until), now=clock.iso(now), error=error
        )


def hold_back(connection: sqlite3.Connection, webhook: str, now: float) -> None:
    """Postpone each message that waits for an earlier one until that one is due."""
    with writing(connection):
        deliveries.wait_for_earlier(connection, webhook, clock.iso(now))


def replay(
    connection: sqlite3.Connection,
    now: float,
    *,
    message: str | None = None,
    webhook: str | None = None,
) -> int:
    """Make dead and failed messages due now; return their number.

    Runs inside the caller's transaction. Messages that are being sent are not changed.
    """
    return deliveries.requeue_messages(connection, clock.iso(now), message=message, webhook=webhook)


def replay_one(
    connection: sqlite3.Connection, now: float, message: str, *, delivered: bool = False
) -> None:
    """Make one message due now, under the same id; runs inside the caller's transaction.

    Args:
        delivered: also if the receiver accepted it before: it gets it twice.

    Raises:
        InputError: if there is no such message, it waits for its first attempt or is being sent,
            or it was delivered and `delivered` is False.
    """
    if replay(connection, now, message=message):
        return
    if delivered and deliveries.requeue_delivered(connection, clock.iso(now), message):
        return
    state = deliveries.state_of(connection, message)
    if state is None:
        named = f"message {message!r}" if message.startswith("msg_") else "message with that id"
        raise InputError(f"no {named}; the page of an alert lists its messages")
    if state == "delivered":
        raise InputError(f"message {message!r} was delivered; {_TWICE}")
    raise InputError(f"message {message!r} is being sent, or the next delivery sends it")


def unknown_webhooks(connection: sqlite3.Connection, known: Sequence[str], now: float) -> list[str]:
    """Return the webhooks of due messages that are not among the `known` keys.

    Their messages beyond the maximum age are marked as dead.
    """
    unknown = deliveries.unknown_webhooks(connection, known, clock.iso(now))
    if unknown:
        with writing(connection):
            deliveries.drop_unknown(connection, known, clock.iso(now - MAX_AGE_SECONDS))
    return unknown


def _grouped(
    connection: sqlite3.Connection, transitions: Sequence[Transition]
) -> list[list[Transition]]:
    """Return the transitions to report, grouped by message, the most severe first."""
    groups: dict[tuple[Any, ...], list[Transition]] = {}
    for item in transitions:
        if _is_reported(connection, item):
            subject = (item.alert[name] for name in ("rule", "model", "version"))
            window = (item.window_start, item.window_end, item.repeated)
            key = (item.event, *subject, rule_name(item.alert), _missing_part(item), *window)
            groups.setdefault(key, []).append(item)
    return [sorted(group, key=lambda item: -item.strength) for group in groups.values()]


def _missing_part(transition: Transition) -> str | None:
    """Return the part that exchanges lack and its reason, which has its own message, or None."""
    feature = str(transition.alert["feature"])
    rule = transition.alert["rule"]
    return feature if rule == "not_monitored" and feature.partition(": ")[0] in _PARTS else None


def _is_reported(connection: sqlite3.Connection, transition: Transition) -> bool:
    """Return True if receivers are notified now, and record it for a firing alert."""
    moment = clock.now()
    alert = transition.alert
    if transition.event != FIRING:
        return alert["notified_at"] is not None
    if (alert["silenced_until"] or "") > moment:
        return False
    record_notified(connection, alert["id"], moment)
    return True


def _close(
    connection: sqlite3.Connection,
    delivery: Delivery,
    state: str,
    outcome: DeliveryOutcome,
    now: float,
) -> str:
    record_attempt(connection, delivery.id, state, status=outcome.status, error=outcome.error)
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
    record_attempt(connection, delivery.id, "pending", status=outcome.status, error=outcome.error)
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
