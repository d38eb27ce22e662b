"""The `retrain` command: run policies of retraining, and list their runs."""

from __future__ import annotations

import signal
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import click

from modeltap import clock
from modeltap.cli.common import (
    analyzer_with,
    background_option,
    background_options,
    check_model,
    json_option,
    model_option,
    read_store,
    store_option,
)
from modeltap.errors import InputError, ModeltapError
from modeltap.logs import logger
from modeltap.output import echo, echo_table, emit_json
from modeltap.retraining.lost_runs import with_lost
from modeltap.store.retrainings import (
    INTERRUPTED,
    SKIPPED,
    SUCCEEDED,
    RetrainingRun,
    last_runs,
)
from modeltap.wording import plural

_LISTED = 20
"""Runs that `--list` shows."""

_WIDEST = 60
"""Characters of a result in the table; JSON has all of it."""


@click.command()
@store_option
@model_option()
@click.option("--list", "listed", is_flag=True, help="List the last runs instead, newest first.")
@click.option("--log", "run_id", metavar="RUN", help="Print the end of a run's log instead.")
@click.option("--due", is_flag=True, hidden=True)
@background_option
@json_option
def retrain(
    store: str | None,
    model: str | None,
    listed: bool,
    run_id: str | None,
    due: bool,
    background: bool,
    as_json: bool,
) -> None:
    """Run the models' policies of retraining now.

    A policy, [models.M.retrain], exports the labelled rows and calls a command, a function or a
    webhook. A model without a policy sends the event `retrain` to subscribed webhooks.

    \b
    Examples:
      modeltap retrain --model flights
      modeltap retrain --list
    """
    if run_id is not None:
        echo(*_log(store, run_id).split("\n"))
    elif listed:
        _list(store, model, as_json)
    else:
        _run(store, model, due, background, as_json)


def _run(store: str | None, model: str | None, due: bool, background: bool, as_json: bool) -> None:
    from modeltap.jobs.policy_schedule import ordered_policies
    from modeltap.jobs.retraining_pass import RetrainingPass

    given = background_options() if background else {}
    message = given.pop("retraining", None)
    analyzer = analyzer_with(store, background, given)
    check_model(analyzer.connection, model)
    # A stopped run is recorded and reported, too.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    retraining = RetrainingPass(analyzer, ordered_policies(message) if message else None)
    failures: list[str] = []
    for run in retraining.runs(model, due=due):
        if isinstance(run, RetrainingRun):
            _print(run, as_json)
            if run.state == SKIPPED and background:  # the scheduler's child did its work
                logger.warning("modeltap: %s", run.failure)
            elif run.state != INTERRUPTED and run.failure is not None:
                failures.append(run.failure)
        elif as_json:
            emit_json(run)
        else:
            echo(
                f"{run['data']['summary']}; no policy trains it: webhooks that subscribe to "
                f"`retrain` are notified; to train, add [models.{run['data']['model']}.retrain]"
            )
    if failures:
        raise ModeltapError("; ".join(failures))


def _print(run: RetrainingRun, as_json: bool) -> None:
    if as_json:
        emit_json(run._asdict())
        return
    if run.state == SUCCEEDED:
        rows = plural(run.rows or 0, "labelled row")
        candidate = f"; candidate: {run.artefact}" if run.artefact else ""
        echo(f"{run.model}: retrained on {rows} in {_seconds(run)}{candidate}")
        echo(*(f"  {line}" for line in _comparison(run)))
        if run.left_out:
            echo(f"  masked and left out: {', '.join(run.left_out)}")
    elif run.state == INTERRUPTED:
        echo(
            f"{run.model}: the run of {clock.short(run.started_at)} was interrupted: {run.message}"
        )


def _comparison(run: RetrainingRun) -> Iterator[str]:
    """Yield the verdict on the candidate and its main metric on the rows that were held out."""
    if run.message:
        yield run.message
    for row in run.comparison[:1]:
        verdict = (run.verdict or "").replace("_", " ")
        yield f"{verdict} on the {row['rows']:,} newest labelled rows: {_difference(row)}"


def _difference(row: Mapping[str, Any]) -> str:
    if row["current"] is None or row["candidate"] is None:
        return f"{row['metric']} unknown"
    change = f"{row['metric']} {row['current']:.4g} -> {row['candidate']:.4g}"
    if row["low"] is None or row["high"] is None:
        return change
    return f"{change}, difference {row['low']:.3g} to {row['high']:.3g}"


def _list(store: str | None, model: str | None, as_json: bool) -> None:
    connection = read_store(store)
    check_model(connection, model)
    runs = with_lost(connection, last_runs(connection, model, _LISTED))
    if as_json:
        for run in runs:
            emit_json(run._asdict())
    elif runs:
        headers = ["run", "model", "started (UTC)", "reason", "state", "rows", "took", "result"]
        echo_table(list(_cells(runs)), headers)
    else:
        echo("no runs yet; see `modeltap retrain --help`")


def _cells(runs: Iterable[RetrainingRun]) -> Iterator[list[Any]]:
    for run in runs:
        result = run.message or run.artefact or ""
        if run.verdict:
            result = f"{run.verdict.replace('_', ' ')}: {result}"
        yield [
            run.id[:8],
            run.model,
            clock.short(run.started_at),
            run.reason,
            run.state.replace("_", " "),
            "" if run.rows is None else f"{run.rows:,}",
            _seconds(run),
            result if len(result) <= _WIDEST else f"{result[: _WIDEST - 1]}…",
        ]


def _seconds(run: RetrainingRun) -> str:
    began, ended = clock.parse(run.started_at), clock.parse(run.finished_at or "")
    return "" if began is None or ended is None else f"{max(0.0, ended - began):.1f} s"


def _log(store: str | None, run_id: str) -> str:
    connection = read_store(store)
    runs = [run for run in last_runs(connection, limit=1000) if run.id.startswith(run_id)]
    if len(runs) != 1:
        reason = "no run" if not runs else f"{len(runs)} runs"
        raise InputError(f"{reason} with the id {run_id!r}; `modeltap retrain --list` lists them")
    if not runs[0].log:
        raise InputError(f"the run {run_id!r} has no log: {runs[0].message or runs[0].state}")
    return runs[0].log.rstrip("\n")
