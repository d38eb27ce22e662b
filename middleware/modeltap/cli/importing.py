"""`import`: backfill from a table."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import click

from modeltap.cli.options import json_option, open_store, store_option
from modeltap.cli.output import emit_json
from modeltap.errors import InputError
from modeltap.ingest.importer import import_table
from modeltap.ingest.roles import Roles, choose_roles
from modeltap.ingest.table import Table, open_table


def role_options(command: Any) -> Any:
    """Add the options that say which column is what."""
    for name, text in (
        ("timestamp", "The column of the event time."),
        ("prediction", "The column of the model's prediction [default: 'prediction']."),
        ("score", "The column of its score [default: 'score']."),
        ("label", "The column of what was right [default: 'label']."),
        ("id", "The column of the row's own id."),
        ("features", "The columns that are features, a,b,c [default: all others]."),
        ("ignore", "Columns to leave out, a,b,c."),
    ):
        command = click.option(f"--{name}", default=None, help=text)(command)
    return command


def roles_of(table: Table, said: dict[str, str | None]) -> Roles:
    """Read the role options against a table's columns."""
    lists = {name: _listed(said.pop(name)) for name in ("features", "ignore")}
    return choose_roles(table, **said, **lists)  # type: ignore[arg-type]


@click.command("import")
@click.argument("file")
@store_option
@click.option("--model", required=True, help="The model's name.")
@click.option("--version", default="", help="The model's version.")
@role_options
@click.option("--strict", is_flag=True, help="Fail when a line is broken.")
@json_option
def import_(
    file: str, store: str | None, model: str, version: str, strict: bool, as_json: bool,
    **said: str | None,
) -> None:  # fmt: skip
    """Backfill from a CSV(.gz), JSON Lines or Parquet file; the same again adds nothing."""
    table = open_table(file)
    roles = roles_of(table, said)
    connection = open_store(store, create=True)
    bar: Any
    with click.progressbar(
        length=0, label=f"importing {table.path.name}", file=sys.stderr,
        hidden=not sys.stderr.isatty(), item_show_func=lambda rows: f"{rows or 0:,} rows",
    ) as bar:  # fmt: skip
        count = 0

        def step(rows: int) -> None:
            nonlocal count
            count += rows
            bar.update(0, count)

        done = import_table(connection, table, roles, model=model, version=version, on_batch=step)
    for reason in table.broken:
        click.echo(reason, err=True)
    if table.broken_count > len(table.broken):
        click.echo(f"... and {table.broken_count - len(table.broken)} more broken lines", err=True)
    if as_json:
        emit_json({"rows": done.rows, "repeated": done.repeated, "labels": done.labels,
                   "broken": table.broken_count, "without_time": done.without_time})  # fmt: skip
    else:
        click.echo(f"{done.rows:,} rows imported for {model}, {done.repeated:,} were there before, "
                   f"{done.labels:,} labels, {table.broken_count:,} broken lines")  # fmt: skip
        if done.without_time:
            click.echo(f"{done.without_time:,} rows tell no time and are in no window")
    if strict and table.broken_count:
        raise InputError(f"{table.broken_count} broken lines in {table.path.name!r}")


def _listed(text: str | None) -> Sequence[str]:
    return tuple(part.strip() for part in text.split(",") if part.strip()) if text else ()
