"""The `webhook` command: list, test and replay."""

from __future__ import annotations

import time
import uuid
from contextlib import closing
from typing import Any

import click

from modeltap import clock
from modeltap.cli.common import json_option, open_store, read_store, store_option, store_path
from modeltap.config import sources
from modeltap.config.webhook_settings import WebhookSettings
from modeltap.errors import ConfigError, InputError, nearest
from modeltap.notify import outbox
from modeltap.notify.http import post
from modeltap.output import echo, emit, emit_json
from modeltap.store.connection import writing
from modeltap.store.deliveries import count_by_webhook
from modeltap.store.settings import SettingsReader, stored_webhooks
from modeltap.wording import plural

_SHOWN = ("webhook", "format", "pending", "delivered", "dead", "next_at", "last_error")


@click.group()
def webhook() -> None:
    """List and test webhooks, and resend failed messages.

    \b
    Example:
      modeltap webhook test
    """


@webhook.command("list")
@store_option
@json_option
def list_(store: str | None, as_json: bool) -> None:
    """List webhooks with their counts of pending, delivered and dead messages.

    A dead message was given up after all retries.

    \b
    Example:
      modeltap webhook list --store modeltap.db
    """
    formats: dict[str, str] = {entry.key: entry.format for entry in sources.load().webhooks}
    counts: dict[str, dict[str, Any]] = {key: {} for key in formats}
    if store_path(store).exists():
        connection = read_store(store)
        for stored in stored_webhooks(connection):
            formats.setdefault(stored["key"], stored["format"])
            counts.setdefault(stored["key"], {})
        for row in count_by_webhook(connection):
            counts.setdefault(row["webhook"], {}).update(row)
    rows = [
        {
            "webhook": key,
            "format": formats.get(key),
            **{name: summary.get(name, 0) for name in ("pending", "delivered", "dead")},
            **{name: summary.get(name) for name in ("next_at", "last_error")},
        }
        for key, summary in sorted(counts.items())
    ]
    emit(rows, _SHOWN, as_json=as_json, empty="no webhooks; add one to modeltap.toml")


@webhook.command()
@click.argument("which", required=False, metavar="[WEBHOOK]")
@click.option(
    "--event",
    type=click.Choice(["test", "alert.firing", "alert.resolved"]),
    default="test",
    show_default=True,
    help="Type of the sample message.",
)
@store_option
@json_option
def test(which: str | None, event: str, store: str | None, as_json: bool) -> None:
    """Send a sample message and show the response.

    Sends to all webhooks in modeltap.toml, or to one: a URL, or a key that `modeltap webhook list`
    shows. With --store, also sends to webhooks that apps pass to watch() as env:NAME.

    \b
    Example:
      modeltap webhook test https://example.org/hook --event alert.firing
    """
    failed = False
    for target in _chosen(which, _configured(store)):
        started = time.monotonic()
        outcome = _try(target, event)
        took = (time.monotonic() - started) * 1000
        failed |= not outcome.delivered
        row = {
            "webhook": target.key,
            "format": target.format,
            "delivered": outcome.delivered,
            "status": outcome.status,
            "error": outcome.error,
            "ms": round(took, 1),
        }
        if as_json:
            emit_json(row)
        else:
            summary = "delivered" if outcome.delivered else f"not delivered: {outcome.error}"
            status = f" (status {outcome.status})" if outcome.delivered and outcome.status else ""
            echo(f"{target.key}: {summary}{status}, {took:.0f} ms")
    if failed:
        raise InputError("at least one webhook did not accept the message")


@webhook.command()
@click.argument("message", required=False, metavar="[MESSAGE]")
@click.option(
    "--webhook",
    "key",
    default=None,
    help="Only messages of this webhook: a key that `modeltap webhook list` shows.",
)
@click.option(
    "--delivered",
    is_flag=True,
    help="Also send MESSAGE if it was delivered: under the same id, but a chat shows it twice.",
)
@store_option
def replay(message: str | None, key: str | None, delivered: bool, store: str | None) -> None:
    """Resend failed messages: one MESSAGE by its id, or all.

    Dead messages and those scheduled for a retry are sent with the next delivery.

    \b
    Example:
      modeltap webhook replay
    """
    if message is not None and key:
        raise click.UsageError("give either MESSAGE or --webhook")
    if delivered and message is None:
        raise click.UsageError("--delivered needs MESSAGE; only one is sent twice at a time")
    connection = open_store(store)
    with writing(connection):
        if message is not None:  # an empty one is an error, too, and does not mean all
            outbox.replay_one(connection, time.time(), message, delivered=delivered)
            count = 1
        else:
            count = outbox.replay(connection, time.time(), webhook=key)
    if not count:
        echo("no failed messages; nothing to resend")
        return
    echo(
        f"{plural(count, 'message')} pending again; the next delivery sends "
        f"{'it' if count == 1 else 'them'}"
    )


def _configured(store: str | None) -> tuple[WebhookSettings, ...]:
    """Return the configured webhooks, with a store also those of its apps with a known URL."""
    webhooks = sources.load().webhooks
    if store is None:
        return webhooks
    with closing(read_store(store)) as connection:
        receivers = SettingsReader(connection).receivers().values()
    return tuple(receiver for receiver in receivers if receiver.url)


def _chosen(
    which: str | None, webhooks: tuple[WebhookSettings, ...]
) -> tuple[WebhookSettings, ...]:
    if which is None:
        if not webhooks:
            raise InputError(
                "no webhooks configured here; give a URL, or add one to modeltap.toml (only "
                "the app knows URLs that were passed to watch())"
            )
        return webhooks
    which = which.strip()
    if which.startswith(("http://", "https://")):
        configured = tuple(entry for entry in webhooks if entry.url == which)
        return configured or sources.load({"webhooks": [which]}).webhooks
    matches = tuple(entry for entry in webhooks if entry.key == which)
    if not matches:
        # Not quoted: it may be a URL without its scheme that contains a token.
        keys = [entry.key for entry in webhooks]
        raise InputError(f"no webhook has that key or URL{nearest(which, keys)}")
    return matches


def _try(webhook: WebhookSettings, event: str) -> outbox.DeliveryOutcome:
    try:
        return post(webhook.resolved(), f"msg_{uuid.uuid4().hex}", sample_event(event))
    except ConfigError as error:  # an environment variable is not set
        return outbox.DeliveryOutcome(error=str(error))


def sample_event(kind: str) -> dict[str, Any]:
    """Return an event of a type with the values of no model."""
    moment = clock.now()
    summary = "sample: this is a test message; if you can read it, alerts will reach you"
    alert: dict[str, Any] = {
        "id": "alert_sample",
        "fingerprint": "sample",
        "metric": "drift",
        "feature": "sample",
        "segment": None,
        "severity": "info",
        "state": kind.partition(".")[2] or "test",
        "value": 0.2,
        "threshold": 0.1,
        "p_value": 1e-6,
        "window_start": moment,
        "window_end": moment,
        "last_window_start": moment,
        "started_at": moment,
        "resolved_at": None,
        "summary": summary,
        "examples": [],
        "related": None,
    }
    return {
        "type": kind,
        "timestamp": moment,
        "data": {
            "model": "sample",
            "version": "",
            "environment": sources.load().environment,
            "rule": "data_drift",
            "severity": "info",
            "window_start": moment,
            "window_end": moment,
            "started_at": moment,
            "summary": summary,
            "alerts": [alert],
            "alerts_left_out": 0,
            "open_alerts": 0,
            "repeated": False,
            "link": None,
        },
    }
