"""The `deliver`, `prune` and `digest` commands: scheduler jobs run by hand."""

from __future__ import annotations

from typing import Any

import click

from modeltap import clock
from modeltap.cli.common import background_option, json_option, open_analyzer, store_option
from modeltap.output import echo, emit_json
from modeltap.wording import plural


@click.command()
@store_option
@background_option
@json_option
def deliver(store: str | None, background: bool, as_json: bool) -> None:
    """Send pending messages; check for missing traffic and labels.

    \b
    Example:
      modeltap deliver --store modeltap.db
    """
    done = open_analyzer(store, background).run_delivery()
    sent, (waiting, first) = done.delivery, done.waiting
    later = (
        f"; {plural(waiting, 'message')} scheduled for {clock.short(first)} UTC or later "
        "(`modeltap webhook replay` sends now)"
        if waiting
        else ""
    )
    _print(
        vars(sent),
        f"{plural(sent.delivered, 'message')} delivered, {sent.retried:,} scheduled for retry, "
        f"{sent.dead:,} given up{later}",
        as_json,
    )


@click.command()
@store_option
@background_option
@json_option
def prune(store: str | None, background: bool, as_json: bool) -> None:
    """Delete exchanges that exceed the configured `retention`.

    \b
    Example:
      modeltap prune --store modeltap.db
    """
    pruned = open_analyzer(store, background).prune()
    _print({"pruned": pruned}, f"{plural(pruned, 'exchange')} deleted", as_json)


@click.command()
@store_option
@background_option
@json_option
def digest(store: str | None, background: bool, as_json: bool) -> None:
    """Send subscribed webhooks a summary since the last digest.

    \b
    Example:
      modeltap digest --json
    """
    event = open_analyzer(store, background).run_digest()
    data = event["data"]
    _print(event, data["summary"], as_json, *(model["summary"] for model in data["models"]))


def _print(row: dict[str, Any], text: str, as_json: bool, *more: str) -> None:
    if as_json:
        emit_json(row)
    else:
        echo(text, *more)
