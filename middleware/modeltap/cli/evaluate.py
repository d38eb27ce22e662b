"""The `evaluate` command: the evaluators of models, over their newest outputs."""

from __future__ import annotations

from functools import partial

import click

from modeltap.cli.common import (
    json_option,
    model_option,
    own_mode,
    store_option,
    store_path,
)
from modeltap.cli.progress import counting_line
from modeltap.errors import ModeltapError
from modeltap.judge.output_evaluation import DEFAULT_EXCHANGES, evaluate_newest
from modeltap.output import echo, emit

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


@click.command()
@store_option
@model_option()
@click.option(
    "--rows",
    type=click.IntRange(1),
    default=DEFAULT_EXCHANGES,
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
    evaluation = evaluate_newest(
        store_path(store),
        model=model,
        rows=rows,
        judge=not no_judge,
        mode=own_mode(),
        show_ratings=partial(counting_line, "ratings"),
    )
    for note in evaluation.notes:
        echo(note, err=True)
    results = [result.to_dict() for result in evaluation.results]
    emit(results, _SHOWN, as_json=as_json, empty="no outputs yet")
    if evaluation.failure is not None:
        raise ModeltapError(evaluation.failure)
