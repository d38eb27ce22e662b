"""The `slices` command: the worst slices of recent labelled rows."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import Any

import click

from modeltap.analysis.slices.recent_slices import RecentSlices, recent_slices
from modeltap.cli.common import check_model, json_option, model_option, read_store, store_option
from modeltap.environments import named, reported
from modeltap.output import echo, emit_json, emit_table
from modeltap.store.models import counted_models
from modeltap.store.settings import SettingsReader
from modeltap.wording import plural

_SHOWN = ("model", "slice", "rows", "value", "low", "high", "rest", "lift", "p_value", "example")

_NAMED = 5
"""Columns without conditions that a note names."""


@click.command()
@store_option
@model_option()
@json_option
def slices(store: str | None, model: str | None, as_json: bool) -> None:
    """List the groups of rows with the largest errors.

    A slice has at most three conditions on features. It is searched in one half of the recent
    labelled rows; its numbers are those of the other half.

    \b
    Example:
      modeltap slices --model flights
    """
    connection = read_store(store)
    check_model(connection, model)
    searched = list(_of_models(connection, model))
    rows = [row for own in searched for row in _rows(own)]
    if as_json:
        for row in rows:
            emit_json(row)
    elif rows:
        emit_table(({**row, "example": row["examples"][0]} for row in rows), _SHOWN, "")
    if not searched:
        echo("no predictions yet: `modeltap analyze` reads them from new exchanges", err=as_json)
    for own in searched:
        for note in _notes(own):
            echo(f"{named(own.model, own.version)}: {note}", err=as_json or bool(rows))


def _of_models(connection: sqlite3.Connection, model: str | None) -> Iterator[RecentSlices]:
    settings = SettingsReader(connection)
    for own in counted_models(connection):
        if model in (None, own.model):
            yield recent_slices(connection, settings.for_model(own.model), own.model, own.version)


def _rows(own: RecentSlices) -> Iterator[dict[str, Any]]:
    """Yield a row for each slice, the worst first."""
    for worst in own.report.slices:
        error = worst.error
        yield reported(
            {
                "model": own.model,
                "version": own.version,
                "slice": worst.name,
                "metric": "misclassification_rate" if own.rows.binary else "mae",
                "rows": error.rows,
                "fraction": worst.fraction,
                "value": error.value,
                "low": error.low,
                "high": error.high,
                "rest": error.rest,
                "lift": error.lift,
                "p_value": error.p_value,
                "tried": own.report.tried,
                "examples": worst.examples,
            }
        )


def _notes(own: RecentSlices) -> Iterator[str]:
    """Yield the reason if there are no slices, and the limits of the search."""
    report = own.report
    if not report.slices:
        yield report.outcome
    if report.reason is not None:
        return
    if own.is_limited or report.rows < len(own.rows.errors):
        yield f"only the newest {plural(report.rows, 'labelled row')} were searched"
    if report.left_out:
        yield (
            f"{plural(report.left_out, 'feature')} with the weakest single conditions were not "
            f"searched; at most {report.columns} are"
        )
    if report.unsearched:
        named_ones = [f"{name} ({why})" for name, why in list(report.unsearched.items())[:_NAMED]]
        more = len(report.unsearched) - len(named_ones)
        yield f"not searched: {', '.join(named_ones)}{f' and {more:,} more' if more else ''}"
