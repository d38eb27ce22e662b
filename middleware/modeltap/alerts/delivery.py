"""Sending what is owed: at least once, in order for each alert, under one id on every attempt."""

from __future__ import annotations

import json
import logging
import random
import sqlite3
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
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
_MAX_ANSWER_BYTES = 65_536
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
    """Try every message that is due; each receiver has its own thread and holds up nobody else."""
    report = Report()
    if not webhooks:
        return report
    with ThreadPoolExecutor(_MAX_RECEIVERS_AT_ONCE, "modeltap-delivery") as pool:
        tasks = [pool.submit(_deliver_to, Path(store), key, hook, clock) for key, hook in webhooks]
    for task in tasks:
        one = task.result()
        report.delivered += one.delivered
        report.retried += one.retried
        report.dead += one.dead
    return report


def _deliver_to(store: Path, key: str, webhook: WebhookSettings, clock: Clock) -> Report:
    report = Report()
    connection = connect(store, create=False)
    try:
        while rows := claim(connection, [key], clock(), _LEASE_SECONDS):
            for row in rows:
                _attempt(connection, row, webhook, clock, report)
    finally:
        connection.close()
    return report


def _attempt(
    connection: sqlite3.Connection, row: sqlite3.Row, webhook: WebhookSettings, clock: Clock,
    report: Report,
) -> None:  # fmt: skip
    answer = send(webhook, row["id"], json.loads(row["body"]), clock)
    now, attempts = clock(), row["attempts"]
    if answer.status is not None and 200 <= answer.status < 300:
        state, next_at = "delivered", None
        report.delivered += 1
    elif answer.status == 410 or attempts >= len(RETRY_SECONDS):
        # Gone, or a receiver that failed for three days: kept, and sent again only by hand.
        state, next_at = "dead", None
        report.dead += 1
    else:
        wait = RETRY_SECONDS[attempts] * random.uniform(1 - _JITTER, 1 + _JITTER)
        state, next_at = "pending", now + max(wait, answer.retry_after or 0.0)
        report.retried += 1
    settle(connection, row["id"], state=state, status=answer.status, error=answer.error, now=now,
           next_at=next_at)  # fmt: skip
    if state != "delivered":
        logger.warning("webhook %s: %s, %s", row["webhook"], answer.error, state)


def send(
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
        body, headers = written
        return _post(hook, body, headers)
    except ModeltapError as error:
        return Answer(None, str(error))
    except httpx.TimeoutException:
        return Answer(None, "the receiver did not answer in time")
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
        # The message may quote the URL, and that may hold a token: only the kind is told.
        return Answer(None, f"the receiver cannot be reached ({type(error).__name__})")


def _post(hook: WebhookSettings, body: bytes, headers: dict[str, str]) -> Answer:
    """Post to the one address that was checked, with the name the receiver knows itself by."""
    url = httpx.URL(hook.url)
    port = url.port or (443 if url.scheme == "https" else 80)
    address = resolve(url.host, port, allow_private=hook.allow_private)
    deadline = time.monotonic() + hook.timeout_seconds
    with (
        httpx.Client(trust_env=False, follow_redirects=False, timeout=hook.timeout_seconds) as http,
        http.stream(
            "POST", url.copy_with(host=address), content=body,
            headers={**headers, "host": url.netloc.decode("ascii")},
            extensions={"sni_hostname": url.host},
        ) as response,
    ):  # fmt: skip
        read = 0
        for piece in response.iter_raw():
            read += len(piece)
            # The status is what counts: an answer without end is left where it is.
            if read > _MAX_ANSWER_BYTES or time.monotonic() > deadline:
                break
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
