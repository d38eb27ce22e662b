"""The `errors` command: wrong predictions, failed requests and invalid fields, in groups."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from modeltap.analysis.failures.error_report import ErrorReport, error_reports
from modeltap.cli.common import check_model, json_option, model_option, read_store, store_option
from modeltap.environments import named, reported
from modeltap.output import echo, emit_json, emit_table
from modeltap.store.models import known_models
from modeltap.store.settings import SettingsReader

_TABLES = {
    "prediction": (
        "wrong predictions",
        ("model", "type", "predicted", "label", "error", "count", "last_at", "id"),
    ),
    "slice": ("rows with the largest errors", ("model", "slice", "error", "lift", "count", "id")),
    "request": (
        "failed requests",
        ("model", "status", "path", "type", "message", "count", "first_at", "last_at", "id"),
    ),
    "validation": (
        "invalid fields",
        ("model", "status", "path", "field", "type", "message", "count", "last_at", "id"),
    ),
}
"""The title of each table, and its columns. A slice is a kind of wrong predictions."""

_KINDS = ("prediction", "request", "validation")


@click.command()
@store_option
@model_option()
@click.option("--kind", default=None, help="Only this kind.", type=click.Choice(_KINDS))
@json_option
def errors(store: str | None, model: str | None, kind: str | None, as_json: bool) -> None:
    """List wrong predictions and failed requests, in groups.

    \b
    Example:
      modeltap errors --model flights --kind request
    """
    connection = read_store(store)
    check_model(connection, model)
    settings = SettingsReader(connection)
    models = known_models(connection) if model is None else [model]
    reports = [
        report
        for name in models
        for report in error_reports(connection, settings.for_model(name), name)
    ]
    rows = [row for report in reports for row in _rows(report) if kind in (None, row["kind"])]
    if as_json:
        for row in rows:
            emit_json(row)
    else:
        print_tables(rows)
    notes = [
        f"{named(report.model, report.version)}: {note.text}"
        for report in reports
        for note in report.notes
        if kind in (None, note.kind)
    ]
    for line in notes if rows or notes else ["no errors"]:
        echo(line, err=as_json or bool(rows))


def _rows(report: ErrorReport) -> list[dict[str, Any]]:
    about = {"model": report.model, "version": report.version}
    return [reported({"kind": group.kind, **about, **group.row()}) for group in report.groups]


def print_tables(rows: Sequence[dict[str, Any]]) -> None:
    """Print a table of each kind of errors; the model is a column only if there are several."""
    is_single = len({row["model"] for row in rows}) == 1
    for name, (title, columns) in _TABLES.items():
        own = [
            {**row, "id": next(iter(row["examples"]), "")} for row in rows if _table(row) == name
        ]
        if own:
            used = [name for name in columns if any(row[name] is not None for row in own)]
            if is_single:
                used.remove("model")
            echo(f"{title}:")
            emit_table(own, used, "")
            echo("")


def _table(row: dict[str, Any]) -> str:
    """Return the key of the table that lists a row."""
    return "slice" if row["type"] == "slice" else str(row["kind"])
