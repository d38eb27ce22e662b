"""The `otel` command: a push to a receiver of OpenTelemetry."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator

import click

from modeltap import clock
from modeltap.bridges.otel_push import SYSTEM, PushReport, push, require_otel
from modeltap.cli.common import (
    background_option,
    background_options,
    json_option,
    open_store,
    store_option,
)
from modeltap.cli.finding import OK, PROBLEM, Finding
from modeltap.config.settings import Settings
from modeltap.errors import InputError, ModeltapError
from modeltap.output import echo, emit_json
from modeltap.store.settings import SettingsReader
from modeltap.store.unsent_facts import sending_state
from modeltap.wording import plural


@click.command()
@store_option
@background_option
@json_option
def otel(store: str | None, background: bool, as_json: bool) -> None:
    """Send metrics and alerts to a receiver of OpenTelemetry.

    The settings name it, in the table [otel]. The scheduler does the same every minute. Exits with
    1 if the receiver does not accept them; they are sent again later.

    \b
    Example:
      modeltap otel --store modeltap.db
    """
    given = background_options() if background else {}
    connection = open_store(store)
    settings = SettingsReader(connection, given).general.otel
    if settings is None:
        raise InputError('no receiver is set; add [otel] endpoint = "http://localhost:4318"')
    report = push(connection, settings.resolved(), time.time())
    if as_json:
        emit_json(vars(report))
    else:
        _print(report, background)
    if report.error is not None:
        raise InputError(f"OpenTelemetry: {report.receiver}: {report.error}; {_kept(report)}")


def _print(report: PushReport, background: bool) -> None:
    if report.rejected:
        echo(
            f"WARNING: {report.receiver} rejected {plural(report.rejected, 'value')}: "
            f"{report.rejected_because}; if it takes no values of past windows, set [otel] "
            "past_windows = false",
            err=True,
        )
    if report.takes_no_logs:
        echo(
            f"WARNING: {report.receiver} takes no log records, so changes of alerts are not sent; "
            "set [otel] alerts = false",
            err=True,
        )
    if not background and report.error is None:
        echo(
            f"{report.receiver}: {plural(report.values, 'current value')}, "
            f"{plural(report.past_values, 'value')} of past windows, "
            f"{plural(report.alerts, 'change')} of alerts"
        )


def otel_findings(connection: sqlite3.Connection, settings: Settings) -> Iterator[Finding]:
    """Yield how sending to OpenTelemetry went, if a receiver is set."""
    if settings.otel is None:
        return
    shown, state = settings.otel.shown, sending_state(connection, SYSTEM)
    try:
        require_otel()
        settings.otel.resolved()
    except ModeltapError as error:
        yield Finding("otel", PROBLEM, str(error))
        return
    if state.error is not None:
        failed = clock.short(state.failed_at)
        yield Finding("otel", PROBLEM, f"{shown}: not accepted at {failed} UTC: {state.error}")
    elif state.succeeded_at is None:
        yield Finding("otel", OK, f"{shown}: nothing sent yet; `modeltap otel` sends now")
    else:
        yield Finding(
            "otel", OK, f"{shown}: last accepted at {clock.short(state.succeeded_at)} UTC"
        )
    if state.rejected:
        yield Finding(
            "otel", PROBLEM, f"{shown}: {plural(state.rejected, 'value')} rejected for good"
        )


def _kept(report: PushReport) -> str:
    """Return what happens with the values that were not sent."""
    if report.waiting:
        return f"{plural(report.waiting, 'value')} will be sent again later"
    return "nothing is lost, it is tried again later"
