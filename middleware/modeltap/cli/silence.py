"""`silence` and `acknowledge`: keep alerts quiet for a while, or stop their reminders."""

from __future__ import annotations

import time

import click

from modeltap import clock
from modeltap.alerts import silence as silences
from modeltap.cli.common import check_model, json_option, open_store, read_store, store_option
from modeltap.config.metrics import ALERT_RULES
from modeltap.config.windows import parse_seconds
from modeltap.errors import InputError, nearest
from modeltap.output import echo, emit
from modeltap.store.connection import writing
from modeltap.store.silences import SILENCE_COLUMNS, list_silences


@click.group()
def silence() -> None:
    """Silences: matching alerts send nothing until the end; then those that still fire do."""


@silence.command()
@click.argument("alert", required=False)
@click.option("--for", "length", default=None, help="For how long, such as 2h or 7d.")
@click.option("--until", default=None, help="Until when (UTC).")
@click.option("--model", default=None, help="Alerts of this model.")
@click.option("--rule", default=None, help="Alerts by this rule.")
@click.option("--feature", default=None, help="Alerts about this feature.")
@click.option("--reason", default=None, help="Why, for those who read it later.")
@store_option
def add(
    alert: str | None,
    length: str | None,
    until: str | None,
    model: str | None,
    rule: str | None,
    feature: str | None,
    reason: str | None,
    store: str | None,
) -> None:
    """Silence one ALERT (its id), or all that fit."""
    connection = open_store(store)
    check_model(connection, model)
    if rule is not None and rule not in ALERT_RULES:
        raise InputError(f"no rule {rule!r}{nearest(rule, ALERT_RULES)}")
    if not (alert or model or rule or feature):
        raise InputError("say what to silence: an alert's id, --model, --rule or --feature")
    mark = None
    if alert is not None:
        mark = silences.find_alert(connection, alert)["fingerprint"]
    end = _end(length, until)
    with writing(connection):
        made = silences.silence(
            connection,
            end,
            model=model,
            rule=rule,
            feature=feature,
            fingerprint=mark,
            reason=reason,
        )
    echo(f"{made}: quiet until {clock.short(end)} UTC")


@silence.command("list")
@store_option
@json_option
def list_(store: str | None, as_json: bool) -> None:
    """Silences in force."""
    rows = list_silences(read_store(store), clock.now())
    emit(rows, SILENCE_COLUMNS, as_json=as_json, empty="no silence is in force")


@silence.command()
@click.argument("silence_id")
@store_option
def end(silence_id: str, store: str | None) -> None:
    """End a silence now; alerts that still fire send their messages."""
    connection = open_store(store)
    with writing(connection):
        silences.end_silence(connection, silence_id)
    echo("ended")


@click.command()
@click.argument("alerts", nargs=-1, required=True)
@store_option
def acknowledge(alerts: tuple[str, ...], store: str | None) -> None:
    """Acknowledge alerts and stop their reminders."""
    connection = open_store(store)
    with writing(connection):
        for alert in alerts:
            silences.acknowledge(connection, alert)
    echo(f"{len(alerts)} acknowledged")


def _end(length: str | None, until: str | None) -> str:
    if (length is None) == (until is None):
        raise InputError("say --for or --until, one of them")
    moment = time.time() + parse_seconds(length, "--for") if length else clock.parse(until)
    if moment is None:
        raise InputError(f"--until {until!r} is no time; write one such as 2026-05-01T08:00")
    if moment <= time.time():
        raise InputError(f"--until {until!r} has passed")
    return clock.iso(moment)
