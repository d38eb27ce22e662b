"""The `status` command: the health of each model."""

from __future__ import annotations

from typing import Any

import click

from modeltap import clock
from modeltap.analysis.coverage.coverage_report import Coverage, coverage_of, with_labels
from modeltap.analysis.coverage.unmonitored import condensed
from modeltap.analysis.references.overview import ReferenceOverview, overviews
from modeltap.cli.common import check_model, json_option, model_option, read_store, store_option
from modeltap.cli.shadow_report import recent_totals, shadow_row, shadow_sentence
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
    """Show whether each model is healthy, and why not.

    \b
    Example:
      modeltap status --model flights
    """
    connection = read_store(store)
    check_model(connection, model)
    settings = SettingsReader(connection)
    states = list(overviews(connection, settings, model))
    if not states and not as_json:
        echo("no models yet: nothing was analysed; run `modeltap doctor` for the reason")
    for state in states:
        alerts = open_of(connection, state.model, state.version)
        last = last_window_end(connection, state.model, state.version)
        environment = environment_of(state.version)
        own = settings.for_model(state.model)
        coverage = with_labels(connection, coverage_of(connection, own, state.model, environment))
        shadows = [
            total
            for total in recent_totals(connection, state.model)
            if total.environment == (environment or "")
        ]
        if as_json:
            emit_json(
                _row(state, alerts, last, coverage) | {"shadow": list(map(shadow_row, shadows))}
            )
        else:
            _print(state, alerts, last, coverage)
            for total in shadows:
                echo(f"  {shadow_sentence(total)}")


def _row(
    state: ReferenceOverview, alerts: list[AlertRow], last: str | None, coverage: Coverage
) -> dict[str, Any]:
    return {
        "model": state.model,
        "version": version_of(state.version),
        "environment": environment_of(state.version),
        "healthy": not alerts,
        "state": state.state,
        "learning_until": state.learning_until,
        "rows": state.rows,
        "hours_covered": state.hours_covered,
        "drift_window": state.drift_window,
        "last_window_end": last,
        "columns": coverage.columns,
        "columns_not_monitored": len(coverage.untested),
        "not_monitored": [unmonitored.sentence for unmonitored in condensed(coverage.unmonitored)],
        "open_alerts": [alert["summary"] for alert in alerts],
    }


def _print(
    state: ReferenceOverview, alerts: list[AlertRow], last: str | None, coverage: Coverage
) -> None:
    name = named(f"{state.model} {version_of(state.version)}".strip(), state.version)
    health = f"{plural(len(alerts), 'open alert')}" if alerts else "no open alerts"
    until = f", windows evaluated up to {clock.short(last)}" if last else ", no windows evaluated"
    echo(f"{name}: {health}{until}")
    if state.state == "provisional":
        rows = plural(state.rows, "row")
        echo(f"  {state.outlook}, {rows} so far; until then only gross faults raise alerts")
    if coverage.summary is not None:
        echo(f"  not monitored: {coverage.summary}; see `modeltap doctor`")
    for alert in alerts:
        echo(f"  {alert['severity']} since {clock.short(alert['started_at'])}: {alert['summary']}")
