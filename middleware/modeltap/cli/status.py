"""The `status` command: the health of each model, in about ten lines."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import click

from modeltap import clock
from modeltap.cli.common import (
    character_chart,
    check_model,
    json_option,
    model_option,
    read_store,
    store_option,
)
from modeltap.cli.shadow_report import recent_totals, shadow_row, shadow_sentence
from modeltap.environments import named
from modeltap.output import echo_cut, echo_paragraph, emit_json
from modeltap.retraining.lost_runs import with_lost
from modeltap.retraining.retrain_event import summary_of
from modeltap.store.exchanges import count_exchanges
from modeltap.store.retrainings import RetrainingRun, last_runs
from modeltap.store.settings import SettingsReader
from modeltap.store.shadow_counts import ShadowTotal
from modeltap.summaries.health_row import health_row
from modeltap.summaries.model_health import ModelHealth, health_of_models
from modeltap.wording import number, percent, plural

_STATES = {"ok": "green", "alert": "red", "learning": "yellow", "no_data": "yellow", "error": "red"}
"""The colour of each state."""

_LISTED_ALERTS = {1: 4, 2: 1}
"""Alerts listed of each model, by the number of models: ten lines in all."""

_BRIEF_MODELS = 9
"""Models that are listed, each in one line, if there are more than two."""


@click.command()
@store_option
@model_option()
@click.option("--all", "is_all", is_flag=True, help="List every model in full, with every alert.")
@json_option
def status(store: str | None, model: str | None, is_all: bool, as_json: bool) -> None:
    """Show whether each model is healthy, and why not.

    Models with problems come first. With several models, each has one line.

    \b
    Example:
      modeltap status --model flights
    """
    connection = read_store(store)
    check_model(connection, model)
    healths = health_of_models(connection, SettingsReader(connection), model)
    if as_json:
        for health in healths:
            emit_json(_row(connection, health))
    elif not healths:
        echo_paragraph(f"no models yet: {_before_models(connection)}")
    elif is_all or len(healths) in _LISTED_ALERTS:
        for health in healths:
            _print(connection, health, len(health.alerts) if is_all else _listed(healths))
    else:
        _print_briefly(healths)


def _before_models(connection: sqlite3.Connection) -> str:
    waiting = count_exchanges(connection)
    if not waiting:
        return "no exchange is recorded; send a request to the watched app"
    return (
        f"{plural(waiting, 'exchange')} not analysed; the app does so every minute by default, "
        "and `modeltap analyze` now; `modeltap doctor` reports problems"
    )


def _listed(healths: Sequence[ModelHealth]) -> int:
    return _LISTED_ALERTS[len(healths)]


def _row(connection: sqlite3.Connection, health: ModelHealth) -> dict[str, Any]:
    reference, coverage = health.reference, health.coverage
    return {
        **health_row(health),
        "open_alerts": [alert["summary"] for alert in health.alerts],
        "reference": reference.state,
        "rows": reference.rows,
        "hours_covered": reference.hours_covered,
        "drift_window": reference.drift_window,
        "last_window_end": health.last_window_end,
        "columns": coverage.columns,
        "columns_not_monitored": len(coverage.untested),
        "shadow": [shadow_row(total) for total in _shadows(connection, health)],
        "retraining": _run_row(_runs(connection, health)),
    }


def _shadows(connection: sqlite3.Connection, health: ModelHealth) -> list[ShadowTotal]:
    totals = recent_totals(connection, health.model)
    return [total for total in totals if total.environment == (health.environment or "")]


def _runs(connection: sqlite3.Connection, health: ModelHealth) -> Sequence[RetrainingRun]:
    return with_lost(connection, last_runs(connection, health.model, 1))


def _run_row(runs: Sequence[RetrainingRun]) -> dict[str, Any] | None:
    """Return the last run of a policy of retraining, None if there is none."""
    names = ("id", "state", "started_at", "finished_at", "rows", "artefact", "verdict")
    return {name: getattr(runs[0], name) for name in names} if runs else None


def _print(connection: sqlite3.Connection, health: ModelHealth, listed: int) -> None:
    """Print a model: its state and traffic, what is not monitored, and its worst alerts."""
    end = health.last_window_end
    until = f"windows evaluated up to {clock.short(end)}" if end else "no windows evaluated"
    first = min((alert["started_at"] for alert in health.alerts), default=None)
    since = "" if first is None else f" since {clock.short(first)}"
    _print_state(health, f"{_name(health)}: {_alerts(health)}{since}, {until}")
    if facts := ", ".join(_facts(health)):
        echo_paragraph(facts, first="  ", later="  ")
    for note in _notes(connection, health):
        echo_paragraph(note, first="  ", later="    ")
    for alert in _worst_first(health)[:listed]:
        since = clock.short(alert["started_at"])
        summary = alert["summary"].removeprefix(f"{health.model}: ")
        echo_cut(f"  {alert['severity']} since {since}: {summary}")
    if len(health.alerts) > listed:
        more = plural(len(health.alerts) - listed, "more alert")
        echo_paragraph(f"{more}; see `modeltap alerts`", first="  ", later="  ")


def _print_briefly(healths: Sequence[ModelHealth]) -> None:
    """Print each model in a line, those with problems first, and the number of the rest."""
    # A last line about one model would take the place of that model.
    shown = healths if len(healths) <= _BRIEF_MODELS + 1 else healths[:_BRIEF_MODELS]
    for health in shown:
        facts = [_alerts(health), *_facts(health)]
        reason = "" if health.reason is None else f"; {health.reason}"
        _print_state(health, f"{_name(health)}: {', '.join(facts)}{reason}", is_cut=True)
    if len(shown) < len(healths):
        rest = Counter(health.state for health in healths[len(shown) :])
        counts = ", ".join(f"{count:,} {_words(state)}" for state, count in rest.items())
        more = plural(len(healths) - len(shown), "more model")
        echo_paragraph(f"{more} ({counts}); see `modeltap status --all`")


def _print_state(health: ModelHealth, text: str, *, is_cut: bool = False) -> None:
    first, color = f"{_words(health.state):<9}", _STATES[health.state]
    if is_cut:
        echo_cut(text, first=first, color=color)
    else:
        echo_paragraph(text, first=first, later="  ", color=color)


def _words(state: str) -> str:
    return state.replace("_", " ")


def _name(health: ModelHealth) -> str:
    return named(f"{health.model} {health.shown_version}".strip(), health.version)


def _alerts(health: ModelHealth) -> str:
    return plural(len(health.alerts), "open alert") if health.alerts else "no open alerts"


def _worst_first(health: ModelHealth) -> list[Any]:
    order = ("critical", "warning", "info")
    return sorted(health.alerts, key=lambda alert: order.index(alert["severity"]))


def _notes(connection: sqlite3.Connection, health: ModelHealth) -> Iterator[str]:
    """Yield the progress of learning, what is not monitored, shadow traffic and retraining."""
    if health.reference.state == "provisional":
        rows = plural(health.reference.rows, "row")
        outlook = health.reference.outlook
        yield f"{outlook}, {rows} so far; until then only gross faults raise alerts"
    if health.coverage.summary is not None:
        yield f"not monitored: {health.coverage.summary}; see `modeltap doctor`"
    for total in _shadows(connection, health):
        yield shadow_sentence(total)
    for run in _runs(connection, health):
        yield f"last retraining, {clock.short(run.started_at)}: {summary_of(run)}"


def _facts(health: ModelHealth) -> Iterator[str]:
    """Yield the traffic of a model, as far as it is known."""
    if health.requests:
        requests = [period.requests for period in health.traffic]
        pairs = list(map(sum, _pairs(requests)))
        trend = character_chart().sparkline(pairs, low=0) if len(pairs) > 1 else ""
        yield f"{plural(health.requests, 'request')} {trend}".rstrip()
    if health.error_rate is not None:
        yield f"{percent(health.error_rate)} errors"
    if health.latency_p95_ms is not None:
        yield f"95 % within {number(health.latency_p95_ms)} ms"
    if health.last_label_at is not None:
        yield f"last label {clock.short(health.last_label_at)}"
    if health.dropped:
        yield f"{health.dropped:,} dropped"


def _pairs(requests: Sequence[int]) -> Iterator[Sequence[int]]:
    """Yield periods in pairs, so that the sparkline fits beside the other facts."""
    return (requests[at : at + 2] for at in range(0, len(requests), 2))
