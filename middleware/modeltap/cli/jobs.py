"""`deliver`, `prune`, `digest`, `retrain`: the scheduler's jobs beside `analyze`."""

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
    """Send pending webhook messages and check for missing traffic or labels."""
    done = open_analyzer(store, background).run_delivery()
    sent, (waiting, first) = done.delivery, done.waiting
    later = (
        f"; {plural(waiting, 'message')} for {clock.short(first)} or later, "
        f"`modeltap webhook replay` has {'it' if waiting == 1 else 'them'} sent at once"
        if waiting
        else ""
    )
    _print(
        vars(sent),
        f"{plural(sent.delivered, 'message')} delivered, {sent.retried:,} to be "
        f"tried again, {sent.dead:,} given up{later}",
        as_json,
    )


@click.command()
@store_option
@background_option
@json_option
def prune(store: str | None, background: bool, as_json: bool) -> None:
    """Delete the exchanges that `retention` does not keep."""
    pruned = open_analyzer(store, background).prune()
    _print({"pruned": pruned}, f"{plural(pruned, 'exchange')} deleted", as_json)


@click.command()
@store_option
@background_option
@json_option
def digest(store: str | None, background: bool, as_json: bool) -> None:
    """Tell the webhooks that want it what the time since the last digest was like."""
    event = open_analyzer(store, background).run_digest()
    data = event["data"]
    _print(event, data["summary"], as_json, *(model["summary"] for model in data["models"]))


@click.command()
@store_option
@background_option
@json_option
def retrain(store: str | None, background: bool, as_json: bool) -> None:
    """Send the retraining event to subscribed webhooks."""
    for event in open_analyzer(store, background).run_retrain():
        _print(event, event["data"]["summary"], as_json)


def _print(row: dict[str, Any], text: str, as_json: bool, *more: str) -> None:
    if as_json:
        emit_json(row)
    else:
        echo(text, *more)
