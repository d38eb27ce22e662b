"""The `label` command: set one label, or import labels from a file."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import click

from modeltap import clock
from modeltap.cli.common import check_model, json_option, open_store, required_model, store_option
from modeltap.cli.model_names import complete_models
from modeltap.cli.progress import reading_bar
from modeltap.cli.table_files import report_notices, table_options
from modeltap.decoding.key_columns import join_labels_by_features, read_feature
from modeltap.errors import InputError
from modeltap.ingest.files.cell_values import row_number
from modeltap.ingest.files.table import Table, TableForm, number, open_table
from modeltap.number_texts import CODE, SHORT, form_of
from modeltap.output import echo, emit_json
from modeltap.store.connection import writing
from modeltap.store.label_targets import LabelTarget, find_target
from modeltap.store.labels import storable_label
from modeltap.store.sent_labels import SentLabel, store_labels
from modeltap.store.settings import SettingsReader
from modeltap.wording import plural

_BATCH = 2000
"""Labels per transaction, so that no other writer waits for long."""

_SHOWN = 5
"""Maximum number of lines to list; the totals are printed separately."""


@click.group()
def label() -> None:
    """Store labels (ground truth) for predictions.

    Labels may arrive late or be corrected: the latest value of a row counts.

    \b
    Example:
      modeltap label set order-17 1
    """


def _key_option(command: Any) -> Any:
    return click.option(
        "--key",
        metavar="FEATURE",
        help="The feature whose values are the ids, such as order_id; needs --model.",
    )(command)


@label.command("set")
@click.argument("id")
@click.argument("value")
@click.option("--row", default=0, show_default=True, help="Row of the exchange, from 0.")
@click.option(
    "--model",
    help="The model, if exchanges of several models share this ID.",
    shell_complete=complete_models,
)
@_key_option
@store_option
@json_option
def set_(
    id: str,  # noqa: A002
    value: str,
    row: int,
    model: str | None,
    key: str | None,
    store: str | None,
    as_json: bool,
) -> None:
    """Set the label of one row of an exchange.

    ID is the value of the response header x-modeltap-id, or another id of the request, such as its
    trace id. With --key, it is the value of a feature.

    \b
    Examples:
      modeltap label set 0192f3c18f4e7c319f0a3b1f6f1f8f11 187.5
      modeltap label set 4711 187.5 --model flights --key order_id
    """
    if row < 0:
        raise click.UsageError(f"--row {row} is not valid; rows are counted from 0")
    if key is not None and (model is None or row):
        reason = "add --model" if model is None else "leave out --row"
        raise click.UsageError(f"--key names the row by a feature of a model; {reason}")
    connection = open_store(store)
    new = SentLabel(id, storable_label(_value(value)), row, key)
    if key is None and find_target(connection, id, model) == LabelTarget():
        raise InputError(f"no exchange {id!r} in this store; `modeltap tail` lists the latest")
    result = _stored(connection, [(0, new)], "cli", model)
    if result.reasons:
        raise InputError(result.reasons[0].partition(": ")[2])
    if key is not None and result.unknown:
        raise InputError(f"no row of {model} has {key} = {id!r} yet; the label is kept for it")
    if as_json:
        emit_json({"labels": 1, "waiting": result.waiting})
    else:
        later = " (waiting for an exchange with a prediction)" if result.waiting else ""
        place = f"{id} row {row}" if key is None else f"{key} {id}"
        echo(f"{place}: {value}{later}")


@label.command("import")
@click.argument("file")
@required_model()
@_key_option
@table_options
@store_option
@json_option
def import_(
    file: str,
    model: str,
    key: str | None,
    store: str | None,
    as_json: bool,
    encoding: str | None,
    sheet: str | None,
) -> None:
    """Import labels from CSV(.gz), JSON Lines, Parquet or Excel.

    The file needs the columns `id` and `value`, and optionally `row` and `labelled_at`, the time at
    which the value was determined. With --key, `id` is the value of a feature. Labels with an
    unknown id are kept until their exchange arrives.

    \b
    Examples:
      modeltap label import labels.csv --model flights
      modeltap label import orders.csv --model flights --key order_id
    """
    with reading_bar(Path(file), "importing") as on_read:
        table = open_table(file, on_read=on_read, form=TableForm(encoding, sheet))
        for name in ("id", "value"):
            table.require(name, "column")
        table.keep_text("id")  # 000041 and 41 are different ids
        table.keep_text("row")  # one cell that is not a number would make texts of all
        connection = open_store(store)
        check_model(connection, model)
        result = _Imported()
        entries = _labels(table, key, result)
        while batch := list(islice(entries, _BATCH)):
            result.add(_stored(connection, batch, table.path.name, model))
    report_notices(table)
    for reason in (*table.broken, *result.reasons[:_SHOWN]):
        echo(reason, err=True)
    counts = {**result.counts(), "broken": table.broken_count}
    if as_json:
        emit_json(counts)
    else:
        echo(_summary(counts, model))
    if not result.labels:
        unknown = plural(result.unknown, "label")
        kept = f"; {unknown} kept until one is analysed" if result.unknown else ""
        raise InputError(f"no label in {table.path.name!r} matches an exchange of {model}{kept}")


def _value(text: str) -> object:
    """Convert a label to a number; codes such as 007 and 1e5 stay text."""
    parsed = None if form_of(text) & (CODE | SHORT) else number(text)
    return text if parsed is None else parsed


@dataclass
class _Imported:
    """Counts of labels: assigned to an exchange, of these waiting for a prediction, kept for an
    unknown exchange, rejected, and lines without an id or a value."""

    labels: int = 0
    waiting: int = 0
    unknown: int = 0
    rejected: int = 0
    empty: int = 0
    reasons: list[str] = field(default_factory=list)

    def add(self, other: _Imported) -> None:
        self.labels += other.labels
        self.waiting += other.waiting
        self.unknown += other.unknown
        self.rejected += other.rejected
        self.reasons += other.reasons[:_SHOWN]

    def counts(self) -> dict[str, int]:
        names = ("labels", "waiting", "unknown", "rejected", "empty")
        return {name: getattr(self, name) for name in names}


def _summary(counts: dict[str, int], model: str) -> str:
    parts = [f"{plural(counts['labels'], 'label')} for {model}"]
    if counts["waiting"]:
        parts.append(f"{counts['waiting']:,} of them waiting for a prediction")
    kept = ", kept until the exchange arrives" if counts["unknown"] else ""
    parts.append(f"{counts['unknown']:,} with an unknown id{kept}")
    if counts["rejected"]:
        parts.append(f"{counts['rejected']:,} rejected")
    if counts["empty"]:
        parts.append(f"{plural(counts['empty'], 'line')} without an id or a value")
    return ", ".join((*parts, plural(counts["broken"], "unreadable line")))


_Entry = tuple[int, SentLabel]
"""The number of a line, and its label."""


def _stored(
    connection: sqlite3.Connection, batch: Sequence[_Entry], source: str, model: str | None
) -> _Imported:
    """Store labels, and assign those that name a feature."""
    key = batch[0][1].key
    if key is not None and model is not None:
        read_feature(connection, SettingsReader(connection), model, key)
    with writing(connection):
        stored = store_labels(connection, dict(batch), source=source, model=model)
    if key is not None:
        join_labels_by_features(connection, SettingsReader(connection))
    reasons = [f"line {entry.index}: {entry.reason}" for entry in stored.rejected]
    return _Imported(
        labels=stored.accepted - stored.unknown,
        waiting=stored.waiting,
        unknown=stored.unknown,
        rejected=len(reasons),
        reasons=reasons,
    )


def _labels(table: Table, key: str | None, result: _Imported) -> Iterator[_Entry]:
    """Yield the labels of a table, and count the lines that have none."""
    for line, row in table.rows():
        if row.get("value") is None or row.get("id") is None:
            result.empty += 1
            continue
        try:
            yield line, _label(row, key)
        except InputError as error:
            table.note(line, str(error))


def _label(row: Mapping[str, Any], key: str | None) -> SentLabel:
    position = row_number(row.get("row"))
    if position is None:
        raise InputError(f"row {row['row']!r} is not a valid row number")
    labelled_at = clock.parse(row.get("labelled_at"))
    if labelled_at is None and row.get("labelled_at") is not None:
        raise InputError(f"labelled_at {row['labelled_at']!r} is not a time")
    return SentLabel(
        _id_text(row["id"]),
        storable_label(row["value"]),
        position,
        key,
        labelled_at=None if labelled_at is None else clock.iso(labelled_at),
    )


def _id_text(value: Any) -> str:
    """Convert an id to text: an integer column with missing values was read as floats."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()
