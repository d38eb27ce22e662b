"""`status`: each model in a line or two: healthy or not, and why."""

from __future__ import annotations

from typing import Any

import click

from modeltap import clock
from modeltap.analysis.coverage.coverage_report import Coverage, coverage_of, with_labels
from modeltap.analysis.coverage.unmonitored import condensed
from modeltap.analysis.references.overview import ReferenceOverview, overviews
from modeltap.cli.common import check_model, json_option, model_option, read_store, store_option
from modeltap.environments import environment_of, named, version_of
from modeltap.output import echo, emit_json
from modeltap.store.alerts import AlertRow, open_of
from modeltap.store.metrics import last_window_end
from modeltap.store.settings import SettingsReader
from modeltap.wording import plural


@click.command()
@store_option
@model_option()
@json_option
def status(store: str | None, model: str | None, as_json: bool) -> None:
    """Show whether each model is healthy, and its open alerts."""
    connection = read_store(store)
    check_model(connection, model)
    settings = SettingsReader(connection)
    found = list(overviews(connection, settings, model))
    if not found and not as_json:
        echo("no models yet: no analysis has run; `modeltap doctor` shows what is missing")
    for one in found:
        alerts = open_of(connection, one.model, one.version)
        last = last_window_end(connection, one.model, one.version)
        environment = environment_of(one.version)
        own = settings.for_model(one.model)
        coverage = with_labels(connection, coverage_of(connection, own, one.model, environment))
        if as_json:
            emit_json(_row(one, alerts, last, coverage))
        else:
            _print(one, alerts, last, coverage)


def _row(
    one: ReferenceOverview, alerts: list[AlertRow], last: str | None, coverage: Coverage
) -> dict[str, Any]:
    return {
        "model": one.model,
        "version": version_of(one.version),
        "environment": environment_of(one.version),
        "healthy": not alerts,
        "state": one.state,
        "learning_until": one.learning_until,
        "rows": one.rows,
        "hours_covered": one.hours_covered,
        "drift_window": one.drift_window,
        "last_window_end": last,
        "columns": coverage.columns,
        "columns_not_monitored": len(coverage.untested),
        "not_monitored": [unmonitored.sentence for unmonitored in condensed(coverage.unmonitored)],
        "open_alerts": [alert["summary"] for alert in alerts],
    }


def _print(
    one: ReferenceOverview, alerts: list[AlertRow], last: str | None, coverage: Coverage
) -> None:
    name = named(f"{one.model} {version_of(one.version)}".strip(), one.version)
    health = f"{plural(len(alerts), 'open alert')}" if alerts else "no open alerts"
    until = f", windows evaluated up to {clock.short(last)}" if last else ", no window evaluated"
    echo(f"{name}: {health}{until}")
    if one.state == "provisional":
        echo(
            f"  {one.outlook}, {plural(one.rows, 'row')} so far; until then, only gross faults alert"
        )
    if coverage.summary is not None:
        echo(f"  not monitored: {coverage.summary}; see `modeltap doctor`")
    for alert in alerts:
        echo(f"  {alert['severity']} since {clock.short(alert['started_at'])}: {alert['summary']}")
