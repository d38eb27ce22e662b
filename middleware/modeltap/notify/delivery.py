"""Delivery of pending messages: at least once, in order for each alert, under one id."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from modeltap.config.webhook_settings import WebhookSettings
from modeltap.errors import ConfigError
from modeltap.logs import logger
from modeltap.notify import outbox
from modeltap.notify.http import Clock, Transports, post
from modeltap.store.connection import connect

_MAX_RECEIVERS_AT_ONCE = 8
"""Each needs a thread and a connection; few stores have more receivers."""

_PASS_SECONDS = 60.0
"""How long a pass serves one receiver: a slow one with many messages goes on in the next pass."""

_LEASE_MARGIN_SECONDS = 60.0
"""A claim outlasts its one attempt by this much: for a busy store, not for a slow receiver."""

_NO_SETTING_SECONDS = 300.0
"""Retry a message that cannot be sent for lack of a setting after so long."""

_UNKNOWN_WEBHOOK_SECONDS = 60.0
"""The same where another process may know the URL: soon, for it may be the app itself."""


@dataclass
class DeliveryReport:
    """How many messages were delivered, are to be retried, or were given up."""

    delivered: int = 0
    retried: int = 0
    dead: int = 0


def deliver(
    store: str | Path,
    webhooks: Sequence[tuple[str, WebhookSettings]],
    *,
    clock: Clock = time.time,
    transport: Transports | None = None,
) -> DeliveryReport:
    """Try every message that is due; a slow receiver holds up nobody but itself.

    One thread and one connection for each receiver, at most eight at once; no transaction is
    open while a post is under way. An error of the store is raised when all are through.

    Args:
        webhooks: each with the key that the store knows it by.
        clock: seconds since the epoch; a test may set it.
        transport: makes httpx's transports; None for those that the webhooks ask for.
    """
    report = DeliveryReport()
    if not _any_due(store, [key for key, _ in webhooks], clock()):
        return report
    jobs = dict(reversed(webhooks))  # of two with one key, the first
    with ThreadPoolExecutor(_MAX_RECEIVERS_AT_ONCE, thread_name_prefix="modeltap-webhook") as pool:
        passes = [
            pool.submit(_serve, Path(store), key, webhook, clock, transport)
            for key, webhook in jobs.items()
        ]
    for one in passes:
        part = one.result()
        report.delivered += part.delivered
        report.retried += part.retried
        report.dead += part.dead
    return report


def _any_due(store: str | Path, known: Sequence[str], now: float) -> bool:
    """Return whether a message is due; those of unknown webhooks are postponed first."""
    connection = connect(store, create=False)
    try:
        for key in outbox.unknown_webhooks(connection, known, now):
            again = now + _UNKNOWN_WEBHOOK_SECONDS
            outbox.postpone(connection, key, None, now=now, until=again)
        return outbox.any_due(connection, now)
    finally:
        connection.close()


def _serve(
    store: Path, key: str, webhook: WebhookSettings, clock: Clock, transport: Transports | None
) -> DeliveryReport:
    connection = connect(store, create=False)
    try:
        try:
            ready = webhook.resolved()
        except ConfigError as error:
            # No attempt was made, so none is counted: the message waits for its variable.
            now = clock()
            again = now + _NO_SETTING_SECONDS
            outbox.postpone(connection, key, str(error), now=now, until=again)
            return DeliveryReport()
        report = _send_due(connection, key, ready, clock, transport)
        outbox.hold_back(connection, key, clock())
        return report
    finally:
        connection.close()


def _send_due(
    connection: sqlite3.Connection,
    key: str,
    webhook: WebhookSettings,
    clock: Clock,
    transport: Transports | None,
) -> DeliveryReport:
    """Send one message after the other, until none is due or the receiver cannot take more."""
    report = DeliveryReport()
    lease = webhook.timeout_seconds + _LEASE_MARGIN_SECONDS
    deadline = time.monotonic() + _PASS_SECONDS
    while time.monotonic() < deadline:
        message = outbox.claim(connection, key, now=clock(), lease_seconds=lease)
        if message is None:
            break
        outcome = post(
            webhook, message.id, json.loads(message.body), clock=clock, transport=transport
        )
        state = outbox.settle(connection, message, outcome, clock())
        _count(report, state)
        if state != "delivered":
            logger.warning(
                "webhook %s: %s (attempt %d); message %s is %s",
                key,
                outcome.error,
                message.attempts,
                message.id,
                state,
            )
        if outcome.busy or outcome.gone:
            break
    return report


def _count(report: DeliveryReport, state: str) -> None:
    if state == "delivered":
        report.delivered += 1
    elif state == "dead":
        report.dead += 1
    else:
        report.retried += 1
