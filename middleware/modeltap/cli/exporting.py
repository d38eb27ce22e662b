"""The `export` command: decoded rows for other tools."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from modeltap.cli.common import (
    check_model,
    model_option,
    moment_of,
    read_store,
    store_option,
)
from modeltap.errors import InputError
from modeltap.export.files import PASSES, format_of, write_file, write_text
from modeltap.export.selection import OnExchangesRead, Selection
from modeltap.output import can_redraw, echo, is_fitted, progress_bar, standard_output
from modeltap.store.settings import SettingsReader
from modeltap.wording import plural


@click.command("export")
@model_option()
@click.option("--labelled", is_flag=True, help="Only rows that have a label.")
@click.option("--from", "since", default=None, help="Only rows at or after this event time.")
@click.option("--to", "until", default=None, help="Only rows before this event time.")
@click.option("--environment", default=None, help="Only rows of this environment.")
@click.option(
    "-o", "--output", default=None, metavar="FILE", help="Output file [default: standard output]."
)
@click.option(
    "--format",
    "kind",
    type=click.Choice(list(PASSES)),
    default=None,
    help="Output format [default: by file extension, else jsonl].",
)
@store_option
def export_(
    model: str | None,
    labelled: bool,
    since: str | None,
    until: str | None,
    environment: str | None,
    output: str | None,
    kind: str | None,
    store: str | None,
) -> None:
    """Export decoded rows with predictions and labels.

    Writes JSON Lines to standard output, or JSON Lines, CSV or Parquet to a file.

    \b
    Example:
      modeltap export --model flights --labelled -o flights.parquet
    """
    path = Path(output) if output not in (None, "-") else None
    kind = kind or (format_of(path) if path else "jsonl")
    if path is None and kind == "parquet":
        raise click.UsageError("Parquet cannot be written to standard output; add -o FILE")
    connection = read_store(store)
    check_model(connection, model)
    selection = Selection(
        connection,
        SettingsReader(connection),
        model,
        labelled,
        moment_of(since, "--from"),
        moment_of(until, "--to"),
        environment,
    )
    with _bar(selection, kind, path) as on_read:
        if path is None:
            count = write_text(selection, standard_output(), kind, on_read)
            sys.stdout.flush()  # here, where a closed pipe is handled
        else:
            count = write_file(selection, path, kind, on_read)
    where = f" to {path}" if path else ""
    echo(
        f"{plural(count, 'row')} written{where}, "
        f"{plural(selection.undecoded, 'exchange')} without rows",
        err=True,
    )
    if not count:
        raise InputError("no rows match the given options")


@contextmanager
def _bar(selection: Selection, kind: str, path: Path | None) -> Iterator[OnExchangesRead]:
    """Show a progress bar on a terminal, unless the rows themselves are printed there."""
    shown = can_redraw(err=True) and not (path is None and is_fitted())
    if not shown:
        yield lambda _: None
        return
    with progress_bar(selection.count() * PASSES[kind], "exporting") as bar:
        yield bar.update
