"""The `evaluate` command: the evaluators of models, over their newest outputs."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from typing import Any

import click

from modeltap.analysis.evaluators.recent_outputs import evaluated_now
from modeltap.analysis.explanations.explain import explained
from modeltap.analysis.model.metric import Metric
from modeltap.cli.common import (
    check_model,
    json_option,
    model_option,
    open_store,
    read_store,
    store_option,
)
from modeltap.cli.progress import counting_line
from modeltap.config.metrics import EVALUATOR_SEGMENT
from modeltap.config.settings import Settings
from modeltap.errors import InputError, ModeltapError
from modeltap.judge.judge_windows import JudgedModel
from modeltap.output import echo, emit
from modeltap.store.models import counted_models
from modeltap.store.settings import SettingsReader

_SHOWN = (
    "model",
    "evaluator",
    "kind",
    "metric",
    "outputs",
    "failed",
    "value",
    "low",
    "high",
    "verdict",
    "explanation",
)

_HINT = (
    "no evaluators are configured; add some to modeltap.toml, such as [[models.NAME.evaluators]] "
    'name = "valid", kind = "json"'
)


@click.command()
@store_option
@model_option()
@click.option(
    "--rows",
    type=click.IntRange(1),
    default=200,
    show_default=True,
    help="Number of the newest exchanges to evaluate.",
)
@click.option("--no-judge", is_flag=True, help="Do not ask the judge, which may cost money.")
@json_option
def evaluate(
    store: str | None, model: str | None, rows: int, no_judge: bool, as_json: bool
) -> None:
    """Run the evaluators on the newest outputs.

    A judge, if there is one, rates a sample of them, and outputs that people labelled.

    \b
    Example:
      modeltap evaluate --model support-bot --rows 500
    """
    connection = read_store(store)
    check_model(connection, model)
    settings = SettingsReader(connection)
    models = [model] if model else list(dict.fromkeys(m.model for m in counted_models(connection)))
    own = {name: settings.for_model(name) for name in models}
    judged = [name for name in models if own[name].judge is not None and not no_judge]
    if not judged and not any(part.evaluators for part in own.values()):
        raise InputError(_HINT)
    results = [row for name in models for row in _rows(connection, own[name], name, rows)]
    problem: ModeltapError | None = None
    try:
        for name in judged:
            results += _ratings(open_store(store), own[name], name, rows)
    except ModeltapError as error:  # the evaluators need no judge
        problem = error
    emit(results, _SHOWN, as_json=as_json, empty="no outputs yet")
    if problem is not None:
        raise problem


def _ratings(
    connection: sqlite3.Connection, settings: Settings, model: str, exchanges: int
) -> list[dict[str, Any]]:
    """Ask the judge about a sample of outputs; print a line about its calls."""
    judged = JudgedModel(connection, settings, model)
    with counting_line("ratings") as on_answer:
        judged.on_answer = on_answer
        metrics = judged.rate_newest(exchanges)
    if judged.report.questions:
        echo(f"judge of {model}: {judged.report.sentence()}", err=True)
    return [_row(metric, model, "judge", judged.judge.model) for metric in explained(metrics)]


def _rows(
    connection: sqlite3.Connection, settings: Settings, model: str, exchanges: int
) -> Iterator[dict[str, Any]]:
    kinds = {own.name: own.kind for own in settings.evaluators}
    for metric in explained(evaluated_now(connection, settings, model, exchanges)):
        name = (metric.segment or "").removeprefix(EVALUATOR_SEGMENT)
        yield _row(metric, model, name, kinds[name])


def _row(metric: Metric, model: str, name: str, kind: str) -> dict[str, Any]:
    failed = None if metric.count is None else metric.rows - metric.count
    return {
        "model": model,
        "evaluator": name,
        "kind": kind,
        "metric": metric.metric,
        "outputs": metric.rows,
        "failed": failed,
        "value": metric.value,
        "low": metric.low,
        "high": metric.high,
        "verdict": metric.verdict,
        "explanation": metric.explanation,
        "examples": json.loads(metric.examples or "[]"),
    }
