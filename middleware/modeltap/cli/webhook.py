"""`webhook`: list webhooks and their messages, send a test, send failed messages again."""

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
    """Webhooks: list them and their messages, send a test, send failed messages again."""


@webhook.command("list")
@store_option
@json_option
def list_(store: str | None, as_json: bool) -> None:
    """Each webhook with its delivered, pending and dead messages."""
    formats: dict[str, str] = {one.key: one.format for one in sources.load().webhooks}
    counts: dict[str, dict[str, Any]] = {key: {} for key in formats}
    if store_path(store).exists():
        connection = read_store(store)
        for one in stored_webhooks(connection):
            formats.setdefault(one["key"], one["format"])
            counts.setdefault(one["key"], {})
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
    emit(rows, _SHOWN, as_json=as_json, empty="no webhooks: name one in modeltap.toml")


@webhook.command()
@click.argument("which", required=False)
@click.option(
    "--event",
    type=click.Choice(["test", "alert.firing", "alert.resolved"]),
    default="test",
    show_default=True,
    help="What kind of message.",
)
@store_option
@json_option
def test(which: str | None, event: str, store: str | None, as_json: bool) -> None:
    """Send a sample to all webhooks, or to one (its key or url), and show the answer.

    With --store also to those that its apps keep there, where their url is a variable's name.
    """
    failed = False
    for one in _chosen(which, _configured(store)):
        started = time.monotonic()
        outcome = _try(one, event)
        took = (time.monotonic() - started) * 1000
        failed |= not outcome.delivered
        row = {
            "webhook": one.key,
            "format": one.format,
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
            echo(f"{one.key}: {summary}{status}, {took:.0f} ms")
    if failed:
        raise InputError("a webhook did not take the message")


@webhook.command()
@click.argument("message", required=False)
@click.option("--webhook", "key", default=None, help="Only messages of this webhook (its key).")
@store_option
def replay(message: str | None, key: str | None, store: str | None) -> None:
    """Send dead or failed messages again: one by its id, or all."""
    connection = open_store(store)
    with writing(connection):
        count = outbox.replay(connection, time.time(), message=message, webhook=key)
    if message and not count:
        named = repr(message) if message.startswith("msg_") else "of that id"
        raise InputError(
            f"no message {named} failed and is still owed; `modeltap webhook list` tells"
        )
    if not count:
        echo("nothing to send again: no message failed")
        return
    echo(
        f"{plural(count, 'message')} owed again; the next delivery sends "
        f"{'it' if count == 1 else 'them'}"
    )


def _configured(store: str | None) -> tuple[WebhookSettings, ...]:
    """Return the webhooks that are set here; of a store also those whose URL is known."""
    webhooks = sources.load().webhooks
    if store is None:
        return webhooks
    with closing(read_store(store)) as connection:
        receivers = SettingsReader(connection).receivers().values()
    return tuple(one for one in receivers if one.url)


def _chosen(
    which: str | None, webhooks: tuple[WebhookSettings, ...]
) -> tuple[WebhookSettings, ...]:
    if which is None:
        if not webhooks:
            raise InputError(
                "no webhook is set here; give a url, or name it in modeltap.toml: "
                "the url of an app's own is known to the app alone"
            )
        return webhooks
    which = which.strip()
    if which.startswith(("http://", "https://")):
        named = tuple(one for one in webhooks if one.url == which)
        return named or sources.load({"webhooks": [which]}).webhooks
    found = tuple(one for one in webhooks if one.key == which)
    if not found:
        # Not quoted: it may be a URL without its scheme, with a token in it.
        raise InputError(
            f"no webhook of that key or url{nearest(which, [one.key for one in webhooks])}"
        )
    return found


def _try(webhook: WebhookSettings, event: str) -> outbox.DeliveryOutcome:
    try:
        return post(webhook.resolved(), f"msg_{uuid.uuid4().hex}", _sample(event))
    except ConfigError as error:  # a variable is not set
        return outbox.DeliveryOutcome(error=str(error))


def _sample(kind: str) -> dict[str, Any]:
    moment = clock.now()
    summary = "sample: this is a test; if you can read it, alerts will reach you"
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
