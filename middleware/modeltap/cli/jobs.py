"""`deliver`, `prune`, `digest`, `retrain`: the scheduler's jobs beside `analyze`."""

from __future__ import annotations

import time
from typing import Any

import click

from modeltap import clock
from modeltap.cli.options import background_option, json_option, open_analyzer, store_option
from modeltap.notify import outbox
from modeltap.output import emit_json
from modeltap.wording import plural


@click.command()
@store_option
@background_option
@json_option
def deliver(store: str | None, background: bool, as_json: bool) -> None:
    """Send pending webhook messages and check for missing traffic or labels."""
    analyzer = open_analyzer(store, background)
    analyzer.watch(time.time())
    sent = vars(analyzer.deliver())
    waiting, first = outbox.waiting(analyzer.connection)
    later = (
        f"; {plural(waiting, 'message')} for {clock.short(first)} or later, "
        f"`modeltap webhook replay` has {'it' if waiting == 1 else 'them'} sent at once"
        if waiting
        else ""
    )
    _say(
        sent,
        f"{plural(sent['delivered'], 'message')} delivered, {sent['retried']:,} to be "
        f"tried again, {sent['dead']:,} given up{later}",
        as_json,
    )


@click.command()
@store_option
@background_option
@json_option
def prune(store: str | None, background: bool, as_json: bool) -> None:
    """Delete the exchanges that `retention` does not keep."""
    pruned = open_analyzer(store, background).prune()
    _say({"pruned": pruned}, f"{plural(pruned, 'exchange')} deleted", as_json)


@click.command()
@store_option
@background_option
@json_option
def digest(store: str | None, background: bool, as_json: bool) -> None:
    """Tell the webhooks that want it what the time since the last digest was like."""
    analyzer = open_analyzer(store, background)
    event = analyzer.digest(time.time())
    analyzer.deliver()
    told = "\n".join([event["data"]["summary"], *(m["summary"] for m in event["data"]["models"])])
    _say(event, told, as_json)


@click.command()
@store_option
@background_option
@json_option
def retrain(store: str | None, background: bool, as_json: bool) -> None:
    """Send the retraining event to subscribed webhooks."""
    analyzer = open_analyzer(store, background)
    events = analyzer.retrain(time.time())
    analyzer.deliver()
    for event in events:
        _say(event, event["data"]["summary"], as_json)


def _say(row: dict[str, Any], words: str, as_json: bool) -> None:
    if as_json:
        emit_json(row)
    else:
        click.echo(words)
