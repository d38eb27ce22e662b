"""The `compare` command: a candidate compared with the current model."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import click

from modeltap import clock
from modeltap.cli.common import (
    check_model,
    json_option,
    moment_of,
    read_store,
    store_option,
)
from modeltap.cli.model_names import complete_models
from modeltap.cli.progress import counting_bar, reading_bar
from modeltap.comparison.candidates.candidate_function import TIMEOUT_SECONDS
from modeltap.comparison.compared_rows import ComparedRows, StoredRows
from modeltap.comparison.differences.comparison_result import COLUMNS, ComparedMetric, Comparison
from modeltap.comparison.golden_rows import GoldenRows
from modeltap.comparison.model_comparison import compare_outputs, load_candidate
from modeltap.output import echo, emit_json, emit_table
from modeltap.store.candidates import StoredCandidate, candidates_of
from modeltap.wording import plural

_NAMED = 4
"""Metrics and segments that the summary names."""


@click.command()
@click.option(
    "--model",
    default=None,
    help="The model; needed without --dataset.",
    shell_complete=complete_models,
)
@click.option(
    "--candidate",
    default=None,
    metavar="CANDIDATE",
    help="A file of predictions, a URL, python:module:function, or a stored candidate's name "
    "[default: list the stored candidates].",
)
@click.option("--since", default=None, help="Only rows at or after this event time.")
@click.option(
    "--version", "version", default=None, help="The current model's version [default: newest]."
)
@click.option(
    "--environment", default=None, help="The environment [default: that of the newest row]."
)
@click.option("--dataset", default=None, metavar="FILE", help="Compare on this golden set.")
@click.option(
    "--timeout",
    default=TIMEOUT_SECONDS,
    show_default=True,
    type=click.FloatRange(min=0, min_open=True),
    help="Time limit of a Python function in seconds.",
)
@click.option(
    "--fail-on",
    type=click.Choice(["worse", "worse-anywhere"]),
    default=None,
    help="Exit with 1 if the candidate is worse; or in any metric, slice or group.",
)
@store_option
@json_option
def compare(
    model: str | None,
    candidate: str | None,
    since: str | None,
    version: str | None,
    environment: str | None,
    dataset: str | None,
    timeout: float,
    fail_on: str | None,
    store: str | None,
    as_json: bool,
) -> None:
    """Compare a candidate with the current model on the same rows.

    Each difference is candidate minus current, with an interval that holds however often the
    command is run. Without labels nothing is better or worse.

    \b
    Examples:
      modeltap compare --model flights --candidate predictions.csv
      modeltap compare --model flights --candidate python:my_model:predict
      modeltap compare --model flights --candidate http://127.0.0.1:8001
      modeltap compare --model flights
      modeltap compare --dataset golden.jsonl --candidate new.csv --fail-on worse
    """
    moment = moment_of(since, "--since")
    start = None if moment is None else clock.iso(moment)
    if candidate is None:
        _list_candidates(model, dataset, store, as_json)
        return
    source, connection = _source(model, dataset, store, start, version, environment)
    with reading_bar(Path(candidate), "reading") as on_read:
        outputs = load_candidate(
            candidate,
            source,
            connection,
            since=start,
            timeout_seconds=timeout,
            on_read=on_read,
            show_replay=partial(counting_bar, label="replaying"),
        )
    comparison = compare_outputs(source, outputs)
    _print(comparison, as_json)
    anywhere = fail_on == "worse-anywhere" and comparison.places("worse")
    if anywhere or (fail_on is not None and comparison.verdict == "worse"):
        click.get_current_context().exit(1)


def _list_candidates(
    model: str | None, dataset: str | None, store: str | None, as_json: bool
) -> None:
    if dataset is not None:
        raise click.UsageError("--dataset needs --candidate CANDIDATE")
    connection = read_store(store)
    if model is not None:
        check_model(connection, model)
    rows = [own._asdict() for own in candidates_of(connection, model)]
    if as_json:
        for row in rows:
            emit_json(row)
    else:
        empty = "no stored candidates; give --candidate with a file, a URL or a function"
        emit_table(rows, StoredCandidate._fields, empty)


def _source(
    model: str | None,
    dataset: str | None,
    store: str | None,
    since: str | None,
    version: str | None,
    environment: str | None,
) -> tuple[ComparedRows, sqlite3.Connection | None]:
    """Return the current model's rows, and their store if they are of one."""
    if dataset is not None:
        unused = {
            "--since": since,
            "--version": version,
            "--environment": environment,
            "--store": store,
        }
        named = next((option for option, value in unused.items() if value is not None), None)
        if named is not None:
            raise click.UsageError(f"{named} is for rows of a store; leave it out with --dataset")
        return GoldenRows(dataset, model), None
    if model is None:
        raise click.UsageError("give --model NAME, or --dataset FILE")
    connection = read_store(store)
    check_model(connection, model)
    rows = StoredRows(connection, model, since=since, version=version, environment=environment)
    return rows, connection


def _print(comparison: Comparison, as_json: bool) -> None:
    if as_json:
        for row in comparison.rows:
            emit_json(row.to_dict())
    else:
        shown = list(_shown(comparison))
        emit_table((row.to_dict() for row in shown), COLUMNS, "")
        echo(_summary(comparison))
    for note in _notes(comparison, as_json):
        echo(note, err=True)


def _shown(comparison: Comparison) -> Iterator[ComparedMetric]:
    """Yield the rows of the table: slices only if their verdict is another one."""
    for row in comparison.rows:
        if not _is_slice(row) or row.verdict not in ("not_shown", comparison.verdict):
            yield row


def _is_slice(row: ComparedMetric) -> bool:
    """Return whether a row is of a slice, whose name is a condition: `hour >= 18`, `day = Mon`."""
    return row.segment is not None and " " in row.segment.partition("=")[0]


def _summary(comparison: Comparison) -> str:
    verdict = {
        "better": "better than",
        "worse": "worse than",
        "not_shown": "not shown to differ from",
    }[comparison.verdict]
    text = (
        f"{comparison.candidate} is {verdict} {comparison.model}: "
        f"{plural(comparison.compared, 'row')} compared, {comparison.labelled:,} with a label"
    )
    worse = comparison.places("worse")
    more = f" and {len(worse) - _NAMED:,} more" if len(worse) > _NAMED else ""
    return f"{text}; worse in {', '.join(worse[:_NAMED])}{more}" if worse else text


def _notes(comparison: Comparison, as_json: bool) -> Iterator[str]:
    yield from comparison.notes
    if comparison.left_out:
        counts = comparison.left_out.items()
        yield "left out: " + ", ".join(f"{count:,} {reason}" for reason, count in counts)
    slices = list(filter(_is_slice, comparison.rows))
    hidden = len(slices) - sum(map(_is_slice, _shown(comparison)))
    if hidden and not as_json:
        yield (
            f"{hidden:,} of {plural(len(slices), 'slice')} not listed, because their verdict is "
            "not_shown or that of all rows; --json lists them"
        )
