"""The `silence` and `acknowledge` commands."""

from __future__ import annotations

import time

import click

from modeltap import clock
from modeltap.alerts import silence as silences
from modeltap.cli.common import check_model, json_option, open_store, read_store, store_option
from modeltap.cli.model_names import complete_models
from modeltap.config.catalogue.alert_rules import ALERT_RULES
from modeltap.config.windows import parse_seconds
from modeltap.errors import InputError, nearest
from modeltap.output import echo, emit
from modeltap.store.connection import writing
from modeltap.store.silences import SILENCE_COLUMNS, list_silences
from modeltap.wording import plural


@click.group()
def silence() -> None:
    """Silence alerts for a period.

    No messages are sent for matching alerts until the silence ends. Then one is sent for each
    alert that is still firing.

    \b
    Example:
      modeltap silence add alert_3f9a1c --for 2h
    """


@silence.command()
@click.argument("alert", required=False)
@click.option("--for", "length", default=None, help="Duration, such as 2h or 7d.")
@click.option("--until", default=None, help="End time (UTC), such as 2026-05-01T08:00.")
@click.option(
    "--model", default=None, help="Silence alerts of this model.", shell_complete=complete_models
)
@click.option("--rule", default=None, help="Silence alerts of this rule.")
@click.option("--feature", default=None, help="Silence alerts about this feature.")
@click.option("--reason", default=None, help="Comment shown in the list of silences.")
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
    """Silence one ALERT by its id, or all alerts that match the options.

    \b
    Example:
      modeltap silence add --model flights --rule data_drift --for 2d
    """
    connection = open_store(store)
    check_model(connection, model)
    if rule is not None and rule not in ALERT_RULES:
        raise InputError(f"unknown rule {rule!r}{nearest(rule, ALERT_RULES)}")
    if not (alert or model or rule or feature):
        raise InputError("nothing to silence; add an alert's id, --model, --rule or --feature")
    fingerprint = None
    if alert is not None:
        fingerprint = silences.find_alert(connection, alert)["fingerprint"]
    end = _end(length, until)
    with writing(connection):
        silence_id = silences.silence(
            connection,
            end,
            model=model,
            rule=rule,
            feature=feature,
            fingerprint=fingerprint,
            reason=reason,
        )
    echo(f"{silence_id}: silenced until {clock.short(end)} UTC")


@silence.command("list")
@store_option
@json_option
def list_(store: str | None, as_json: bool) -> None:
    """List active silences.

    \b
    Example:
      modeltap silence list
    """
    rows = list_silences(read_store(store), clock.now())
    emit(rows, SILENCE_COLUMNS, as_json=as_json, empty="no active silences")


@silence.command()
@click.argument("silence_id")
@store_option
def end(silence_id: str, store: str | None) -> None:
    """End a silence now.

    The messages of alerts that are still firing are then sent.

    \b
    Example:
      modeltap silence end silence_3f9a1c
    """
    connection = open_store(store)
    with writing(connection):
        silences.end_silence(connection, silence_id)
    echo(f"{silence_id}: ended")


@click.command()
@click.argument("alerts", nargs=-1, required=True)
@store_option
def acknowledge(alerts: tuple[str, ...], store: str | None) -> None:
    """Acknowledge alerts and stop their reminders.

    \b
    Example:
      modeltap acknowledge alert_3f9a1c
    """
    connection = open_store(store)
    with writing(connection):
        for alert in alerts:
            silences.acknowledge(connection, alert)
    echo(f"{plural(len(alerts), 'alert')} acknowledged")


def _end(length: str | None, until: str | None) -> str:
    if (length is None) == (until is None):
        raise InputError("use exactly one of --for and --until")
    moment = time.time() + parse_seconds(length, "--for") if length else clock.parse(until)
    if moment is None:
        raise InputError(
            f"--until {until!r} is not a valid time; write a time such as 2026-05-01T08:00"
        )
    if moment <= time.time():
        raise InputError(f"--until {until!r} is in the past; choose a later time")
    return clock.iso(moment)
