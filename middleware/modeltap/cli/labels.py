"""`label`: ground truth, one at a time or from a file."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import Any

import click

from modeltap.cli.common import check_model, json_option, open_store, store_option
from modeltap.errors import InputError
from modeltap.ingest.files.table import Table, number, open_table
from modeltap.output import emit_json, say
from modeltap.store.connection import writing
from modeltap.store.exchanges import find_exchange_id
from modeltap.store.labels import Label, insert_labels, storable_label
from modeltap.wording import plural

_BATCH = 2000
"""Labels a transaction, so that no other writer waits for long."""


@click.group()
def label() -> None:
    """Ground truth: late, repeated, corrected; the last value of a row counts."""


@label.command("set")
@click.argument("id")
@click.argument("value")
@click.option("--row", default=0, help="Which row of the exchange, from 0.")
@store_option
@json_option
def set_(id: str, value: str, row: int, store: str | None, as_json: bool) -> None:  # noqa: A002
    """Set the true value of a row of the exchange ID."""
    connection = open_store(store)
    found = find_exchange_id(connection, id, None, request_id=id, protocol_id=id)
    if found is None:
        raise InputError(f"no exchange {id!r} in this store; `modeltap tail` lists the last ones")
    parsed = number(value)
    with writing(connection):
        insert_labels(
            connection, [Label(found, row, value if parsed is None else parsed)], source="cli"
        )
    if as_json:
        emit_json({"labels": 1})
    else:
        say(f"{found} row {row}: {value}")


@label.command("import")
@click.argument("file")
@click.option("--model", required=True, help="The model's name.")
@store_option
@json_option
def import_(file: str, model: str, store: str | None, as_json: bool) -> None:
    """Read labels from CSV(.gz), JSON Lines or Parquet: the columns id, value and maybe row."""
    table = open_table(file)
    for name in ("id", "value"):
        table.require(name, "the column")
    connection = open_store(store)
    check_model(connection, model)
    known, unknown = 0, 0
    batch: list[Label] = []
    for found, row, value in _labels(connection, table, model):
        if found is None:
            unknown += 1
            continue
        batch.append(Label(found, row, value))
        known += 1
    for start in range(0, len(batch), _BATCH):
        with writing(connection):
            insert_labels(connection, batch[start : start + _BATCH], source=table.path.name)
    for reason in table.broken:
        say(reason, err=True)
    if as_json:
        emit_json({"labels": known, "unknown": unknown, "broken": table.broken_count})
    else:
        say(
            f"{plural(known, 'label')} for {model}, {unknown:,} for no known exchange, "
            f"{plural(table.broken_count, 'broken line')}"
        )
    if not known:
        raise InputError(f"no label in {table.path.name!r} belongs to an exchange of {model}")


def _labels(
    connection: sqlite3.Connection, table: Table, model: str
) -> Iterator[tuple[str | None, int, Any]]:
    for line, row in table.rows():
        if row["value"] is None:
            continue
        position = row.get("row") or 0
        if not isinstance(position, int) or position < 0:
            table.note(line, f"row {position!r} is no number of a row")
            continue
        try:
            value = storable_label(row["value"])
        except InputError as error:
            table.note(line, str(error))
            continue
        id_ = str(row["id"])
        found = find_exchange_id(connection, id_, model, request_id=id_, protocol_id=id_)
        yield found, position, value
