"""Delivery of pending messages: at least once, in order for each alert, under one id."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from modeltap.config.webhook_settings import WebhookSettings
from modeltap.errors import ConfigError
from modeltap.logs import logger
from modeltap.notify import outbox
from modeltap.store.connection import connect

if TYPE_CHECKING:
    from modeltap.notify.http import Clock, Transports

_MAX_RECEIVERS_AT_ONCE = 8
"""Maximum number of receivers served in parallel. Each needs a thread and a connection."""

_PASS_SECONDS = 60.0
"""Maximum time for one receiver in a pass. The next pass continues with a slow receiver."""

_LEASE_MARGIN_SECONDS = 60.0
"""Margin of a claim beyond the attempt's timeout, to allow for a busy store."""

_NO_SETTING_SECONDS = 300.0
"""Delay before the next attempt if an environment variable is not set."""

_UNKNOWN_WEBHOOK_SECONDS = 60.0
"""Delay before the next attempt if only another process, such as the app, knows the URL."""


@dataclass
class DeliveryReport:
    """Counts of messages that were delivered, scheduled for a retry, or given up."""

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
    """Try to send each due message. A slow receiver does not delay the others.

    Each receiver has its own thread and connection, at most eight at once. No transaction is
    open during a request. An error of the store is raised after all receivers were served.

    Args:
        webhooks: pairs of the key in the store and the webhook.
        clock: seconds since the epoch; replaceable in tests.
        transport: a factory of httpx transports; None uses the webhooks' own.
    """
    report = DeliveryReport()
    if not _any_due(store, [key for key, _ in webhooks], clock()):
        return report
    jobs = dict(reversed(webhooks))  # the first webhook wins if two have the same key
    with ThreadPoolExecutor(_MAX_RECEIVERS_AT_ONCE, thread_name_prefix="modeltap-webhook") as pool:
        passes = [
            pool.submit(_serve, Path(store), key, webhook, clock, transport)
            for key, webhook in jobs.items()
        ]
    for receiver in passes:
        counts = receiver.result()
        report.delivered += counts.delivered
        report.retried += counts.retried
        report.dead += counts.dead
    return report


def _any_due(store: str | Path, known: Sequence[str], now: float) -> bool:
    """Return True if a message is due, after postponing messages of unknown webhooks."""
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
            # A missing variable is not counted as an attempt.
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
    """Send due messages in sequence, until none is left or the receiver is overloaded."""
    from modeltap.notify.http import post  # httpx, which a pass without messages does not need

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
                "modeltap: webhook %s: %s (attempt %d); message %s is %s",
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
