"""Sending what is owed: at least once, in order for each alert, under one id on every attempt."""

from __future__ import annotations

import asyncio
import json
import logging
import random
import sqlite3
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import httpx

from modeltap.alerts.address import resolve
from modeltap.alerts.outbox import claim, settle
from modeltap.config import WebhookSettings
from modeltap.errors import ConfigError, ModeltapError
from modeltap.plugins import hooks
from modeltap.store.connection import connect

logger = logging.getLogger("modeltap")

RETRY_SECONDS = (5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400)
"""Standard Webhooks' schedule: after the first attempt 5 s, 5 min, ... up to a day."""

_JITTER = 0.1
_MAX_RETRY_AFTER = 86_400.0
_MAX_RECEIVERS_AT_ONCE = 8
_LEASE_SECONDS = 120.0

Clock = Callable[[], float]


@dataclass
class Report:
    """How many messages went where."""

    delivered: int = 0
    retried: int = 0
    dead: int = 0


@dataclass(frozen=True)
class Answer:
    """What a receiver said: a status, or why there is none."""

    status: int | None
    error: str | None = None
    retry_after: float | None = None


def deliver(
    store: str | Path, webhooks: Sequence[tuple[str, WebhookSettings]], *, clock: Clock = time.time
) -> Report:
    """Try every message that is due; a slow receiver holds up nobody but itself.

    Args:
        webhooks: each with the key that the store knows it by.
    """
    report = Report()

    async def all_of_them() -> None:
        gate = asyncio.Semaphore(_MAX_RECEIVERS_AT_ONCE)

        async def one(key: str, webhook: WebhookSettings) -> None:
            async with gate:
                await _deliver_to(Path(store), key, webhook, clock, report)

        await asyncio.gather(*(one(key, webhook) for key, webhook in webhooks))

    asyncio.run(all_of_them())
    return report


async def _deliver_to(
    store: Path, key: str, webhook: WebhookSettings, clock: Clock, report: Report
) -> None:
    connection = connect(store, create=False)
    try:
        while rows := claim(connection, [key], clock(), _LEASE_SECONDS):
            for row in rows:
                answer = await send(webhook, row["id"], json.loads(row["body"]), clock)
                _settle(connection, row, answer, clock(), report)
    finally:
        connection.close()


def _settle(
    connection: sqlite3.Connection, row: sqlite3.Row, answer: Answer, now: float, report: Report
) -> None:
    attempts, next_at = row["attempts"], None
    if answer.status is not None and 200 <= answer.status < 300:
        state = "delivered"
        report.delivered += 1
    elif answer.status == 410 or attempts >= len(RETRY_SECONDS):
        # Gone, or a receiver that failed for four days: kept, and sent again only by hand.
        state = "dead"
        report.dead += 1
    else:
        state = "pending"
        wait = RETRY_SECONDS[attempts] * random.uniform(1 - _JITTER, 1 + _JITTER)
        next_at = now + max(wait, answer.retry_after or 0.0)
        report.retried += 1
    settle(connection, row["id"], state=state, status=answer.status, error=answer.error, now=now,
           next_at=next_at)  # fmt: skip
    if state != "delivered":
        logger.warning("webhook %s: %s; the message is %s", row["webhook"], answer.error, state)


async def send(
    webhook: WebhookSettings, message_id: str, event: dict[str, Any], clock: Clock = time.time
) -> Answer:
    """Post one event, once; never raises for what the receiver does."""
    try:
        hook = webhook.resolved()
        written = hooks().format_event(
            event=event, webhook=hook, message_id=message_id, timestamp=int(clock())
        )
        if written is None:
            raise ConfigError(f"no plugin knows the webhook format {webhook.format!r}")
        # One bound on everything: httpx's own timeouts begin anew with every byte that drips in.
        async with asyncio.timeout(hook.timeout_seconds):
            return await _post(hook, *written)
    except ModeltapError as error:
        return Answer(None, str(error))
    except (TimeoutError, httpx.TimeoutException):
        return Answer(None, "the receiver did not answer in time")
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
        # The message may quote the URL, and that may hold a token: only the kind is told.
        return Answer(None, f"the receiver cannot be reached ({type(error).__name__})")


async def _post(hook: WebhookSettings, body: bytes, headers: dict[str, str]) -> Answer:
    """Post to the one address that was checked, with the name the receiver knows itself by.

    The status is all that is read of the answer, which may have no end.
    """
    url = httpx.URL(hook.url)
    port = url.port or (443 if url.scheme == "https" else 80)
    address = await asyncio.to_thread(resolve, url.host, port, allow_private=hook.allow_private)
    async with (
        httpx.AsyncClient(trust_env=False, follow_redirects=False, timeout=hook.timeout_seconds)
        as http,
        http.stream(
            "POST", url.copy_with(host=address), content=body,
            headers={**headers, "host": url.netloc.decode("ascii")},
            extensions={"sni_hostname": url.host},
        ) as response,
    ):  # fmt: skip
        status = response.status_code
        error = None if 200 <= status < 300 else f"status {status}"
        return Answer(status, error, _retry_after(response.headers.get("retry-after")))


def _retry_after(text: str | None) -> float | None:
    """Read seconds or a date; at most a day."""
    if not text:
        return None
    try:
        seconds = float(text)
    except ValueError:
        try:
            seconds = parsedate_to_datetime(text).timestamp() - time.time()
        except ValueError:
            return None
    return min(max(0.0, seconds), _MAX_RETRY_AFTER)
