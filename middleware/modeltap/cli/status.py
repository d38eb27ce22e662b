"""The `status` command: the health of each model."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import click

from modeltap import clock
from modeltap.analysis.coverage.unmonitored import condensed
from modeltap.charts.sparkline import blocks
from modeltap.cli.common import check_model, json_option, model_option, read_store, store_option
from modeltap.cli.shadow_report import recent_totals, shadow_row, shadow_sentence
from modeltap.environments import named
from modeltap.output import echo, emit_json
from modeltap.retraining.lost_runs import with_lost
from modeltap.retraining.retrain_event import summary_of
from modeltap.store.retrainings import RetrainingRun, last_runs
from modeltap.store.settings import SettingsReader
from modeltap.summaries.model_health import ModelHealth, health_of_models
from modeltap.wording import number, percent, plural


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
    healths = health_of_models(connection, SettingsReader(connection), model)
    if not healths and not as_json:
        echo("no models yet: nothing was analysed; run `modeltap doctor` for the reason")
    for health in healths:
        shadows = [
            total
            for total in recent_totals(connection, health.model)
            if total.environment == (health.environment or "")
        ]
        runs = with_lost(connection, last_runs(connection, health.model, 1))
        if as_json:
            more = {"shadow": list(map(shadow_row, shadows)), "retraining": _run_row(runs)}
            emit_json(_row(health) | more)
        else:
            _print(health)
            for total in shadows:
                echo(f"  {shadow_sentence(total)}")
            for run in runs:
                echo(f"  last retraining, {clock.short(run.started_at)}: {summary_of(run)}")


def _row(health: ModelHealth) -> dict[str, Any]:
    reference, coverage = health.reference, health.coverage
    return {
        "model": health.model,
        "version": health.shown_version,
        "environment": health.environment,
        "state": health.state,
        "since": health.since,
        "reason": health.reason,
        "learning_until": reference.learning_until,
        "requests": health.requests,
        "error_rate": health.error_rate,
        "latency_p95_ms": health.latency_p95_ms,
        "last_label_at": health.last_label_at,
        "dropped": health.dropped,
        "not_monitored": [unmonitored.sentence for unmonitored in condensed(coverage.unmonitored)],
        "open_alerts": [alert["summary"] for alert in health.alerts],
        "reference": reference.state,
        "rows": reference.rows,
        "hours_covered": reference.hours_covered,
        "drift_window": reference.drift_window,
        "last_window_end": health.last_window_end,
        "columns": coverage.columns,
        "columns_not_monitored": len(coverage.untested),
    }


def _run_row(runs: Sequence[RetrainingRun]) -> dict[str, Any] | None:
    """Return the last run of a policy of retraining, None if there is none."""
    names = ("id", "state", "started_at", "finished_at", "rows", "artefact", "verdict")
    return {name: getattr(runs[0], name) for name in names} if runs else None


def _print(health: ModelHealth) -> None:
    name = named(f"{health.model} {health.shown_version}".strip(), health.version)
    alerts = plural(len(health.alerts), "open alert") if health.alerts else "no open alerts"
    end = health.last_window_end
    until = f", windows evaluated up to {clock.short(end)}" if end else ", no windows evaluated"
    echo(f"{name}: {alerts}{until}")
    if facts := ", ".join(_facts(health)):
        echo(f"  {facts}")
    if health.reference.state == "provisional":
        rows = plural(health.reference.rows, "row")
        outlook = health.reference.outlook
        echo(f"  {outlook}, {rows} so far; until then only gross faults raise alerts")
    if health.coverage.summary is not None:
        echo(f"  not monitored: {health.coverage.summary}; see `modeltap doctor`")
    for alert in health.alerts:
        echo(f"  {alert['severity']} since {clock.short(alert['started_at'])}: {alert['summary']}")


def _facts(health: ModelHealth) -> Iterator[str]:
    """Yield the traffic of a model, as far as it is known."""
    if health.requests:
        requests = [period.requests for period in health.traffic]
        yield f"{plural(health.requests, 'request')} {blocks(requests)}".rstrip()
    if health.error_rate is not None:
        yield f"{percent(health.error_rate)} errors"
    if health.latency_p95_ms is not None:
        yield f"95 % within {number(health.latency_p95_ms)} ms"
    if health.last_label_at is not None:
        yield f"last label {clock.short(health.last_label_at)}"
    if health.dropped:
        yield f"{health.dropped:,} dropped"
