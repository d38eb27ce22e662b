"""The `label` command: set one label, or import labels from a file."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import click

from modeltap import clock
from modeltap.cli.common import check_model, json_option, open_store, store_option
from modeltap.cli.table_files import report_notices, table_options
from modeltap.errors import InputError
from modeltap.ingest.files.table import Table, TableForm, number, open_table
from modeltap.number_texts import CODE, SHORT, form_of
from modeltap.output import echo, emit_json
from modeltap.store.connection import writing
from modeltap.store.label_targets import LabelTarget, find_target, find_targets, waiting_id
from modeltap.store.labels import Label, insert_labels, storable_label
from modeltap.wording import plural

_BATCH = 2000
"""Labels per transaction, so that no other writer waits for long."""

_SHOWN = 5
"""Maximum number of lines and ids to list; the totals are printed separately."""


@click.group()
def label() -> None:
    """Store labels (ground truth) for predictions.

    Labels may arrive late or be corrected: the latest value of a row counts.
    """


@label.command("set")
@click.argument("id")
@click.argument("value")
@click.option("--row", default=0, show_default=True, help="Row of the exchange, from 0.")
@click.option("--model", help="The model, if exchanges of several models share this ID.")
@store_option
@json_option
def set_(
    id: str,  # noqa: A002
    value: str,
    row: int,
    model: str | None,
    store: str | None,
    as_json: bool,
) -> None:
    """Set the label of one row of an exchange.

    ID is the value of the response header x-modeltap-id, or another id of the request, such as its
    trace id.

    \b
    Example:
      modeltap label set 0192f3c18f4e7c319f0a3b1f6f1f8f11 187.5
    """
    connection = open_store(store)
    target = find_target(connection, id, model)
    if target.candidates:
        raise InputError(f"{_several(id, target.candidates)}; use the id of one of them")
    if target.exchange_id is None and not target.waits:
        raise InputError(f"no exchange {id!r} in this store; `modeltap tail` lists the latest")
    new = Label(target.exchange_id or waiting_id(id), row, _value(value))
    with writing(connection):
        insert_labels(connection, [new], source="cli", model=model)
    if as_json:
        emit_json({"labels": 1, "waiting": int(target.waits)})
    else:
        later = " (waiting for an exchange with a prediction)" if target.waits else ""
        echo(f"{new.exchange_id} row {row}: {value}{later}")


@label.command("import")
@click.argument("file")
@click.option("--model", required=True, help="The model's name.")
@table_options
@store_option
@json_option
def import_(
    file: str,
    model: str,
    store: str | None,
    as_json: bool,
    encoding: str | None,
    sheet: str | None,
) -> None:
    """Import labels from CSV(.gz), JSON Lines, Parquet or Excel.

    The file needs the columns `id` and `value`, and optionally `row` and `labelled_at`, the time at
    which the value was determined.

    \b
    Example:
      modeltap label import labels.csv --model flights
    """
    table = open_table(file, form=TableForm(encoding, sheet))
    for name in ("id", "value"):
        table.require(name, "column")
    table.keep_text("id")  # 000041 and 41 are different ids
    connection = open_store(store)
    check_model(connection, model)
    sorted_ = _sorted(connection, table, model)
    for start in range(0, len(sorted_.labels), _BATCH):
        with writing(connection):
            batch = sorted_.labels[start : start + _BATCH]
            insert_labels(connection, batch, source=table.path.name, model=model)
    report_notices(table)
    for reason in (*table.broken, *sorted_.ambiguous[:_SHOWN]):
        echo(reason, err=True)
    counts = sorted_.counts(table)
    if as_json:
        emit_json(counts)
    else:
        echo(_summary(counts, model))
    if not sorted_.labels:
        raise InputError(f"no label in {table.path.name!r} matches an exchange of {model}")


def _value(text: str) -> object:
    """Convert a label to a number; codes such as 007 and 1e5 stay text."""
    parsed = None if form_of(text) & (CODE | SHORT) else number(text)
    return text if parsed is None else parsed


@dataclass
class _Sorted:
    """Labels of a file, grouped by the result of the lookup of their exchange."""

    labels: list[Label] = field(default_factory=list)
    waiting: int = 0
    unknown: int = 0
    ambiguous: list[str] = field(default_factory=list)

    def add(self, line: int, entry: Label, target: LabelTarget) -> None:
        """Add the label of a line, whose exchange is `target`."""
        if target.exchange_id is not None:
            self.labels.append(entry._replace(exchange_id=target.exchange_id))
        elif target.candidates:
            self.ambiguous.append(f"line {line}: {_several(entry.exchange_id, target.candidates)}")
        elif target.waits:
            self.labels.append(entry._replace(exchange_id=waiting_id(entry.exchange_id)))
            self.waiting += 1
        else:
            self.unknown += 1

    def counts(self, table: Table) -> dict[str, int]:
        return {
            "labels": len(self.labels),
            "waiting": self.waiting,
            "unknown": self.unknown,
            "ambiguous": len(self.ambiguous),
            "broken": table.broken_count,
        }


def _summary(counts: dict[str, int], model: str) -> str:
    parts = [f"{plural(counts['labels'], 'label')} for {model}"]
    if counts["waiting"]:
        parts.append(f"{counts['waiting']:,} of them waiting for a prediction")
    parts.append(f"{counts['unknown']:,} with an unknown id")
    if counts["ambiguous"]:
        parts.append(f"{counts['ambiguous']:,} with an ambiguous id")
    return ", ".join((*parts, plural(counts["broken"], "unreadable line")))


def _sorted(connection: sqlite3.Connection, table: Table, model: str) -> _Sorted:
    result = _Sorted()
    entries = _labels(table)
    while batch := list(islice(entries, _BATCH)):
        ids = [entry.exchange_id for _, entry in batch]
        targets = find_targets(connection, dict(zip(ids, ids, strict=True)), model)
        for line, entry in batch:
            result.add(line, entry, targets[entry.exchange_id])
    return result


def _several(id_: str, candidates: Sequence[str]) -> str:
    some = ", ".join(candidates[:_SHOWN]) + (", ..." if len(candidates) > _SHOWN else "")
    return f"{id_!r} matches {len(candidates)} exchanges with a prediction ({some})"


def _labels(table: Table) -> Iterator[tuple[int, Label]]:
    for line, row in table.rows():
        if row["value"] is None or row["id"] is None:
            continue
        position = row.get("row") or 0
        if not isinstance(position, int) or position < 0:
            table.note(line, f"row {position!r} is not a valid row number")
            continue
        try:
            value = storable_label(row["value"])
        except InputError as error:
            table.note(line, str(error))
            continue
        labelled_at = clock.parse(row.get("labelled_at"))
        if labelled_at is None and row.get("labelled_at") is not None:
            table.note(line, f"labelled_at {row['labelled_at']!r} is not a time")
            continue
        known = None if labelled_at is None else clock.iso(labelled_at)
        yield line, Label(_id_text(row["id"]), position, value, labelled_at=known)


def _id_text(value: Any) -> str:
    """Convert an id to text: an integer column with missing values was read as floats."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()
