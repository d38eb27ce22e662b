"""Reading CSV, JSON Lines and Parquet files as rows of values."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from modeltap.errors import InputError, nearest
from modeltap.ingest.files.parquet import PARQUET, opened, parquet_columns, parquet_rows
from modeltap.ingest.files.source import (
    UNREADABLE,
    OnRead,
    Source,
    json_of,
    open_source,
    unreadable,
)

MISSING = frozenset(("", "na", "n/a", "nan", "null", "none"))
"""Texts that stand for a missing value, in lower case."""

KINDS = {".csv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl", PARQUET: "parquet"}
"""Formats of tables, by the ending of the file."""

_STEP_ROWS = 1024
"""Rows between two reports of progress."""


@dataclass
class Table(Source):
    """A file of rows; broken lines are counted and named, the rest is read."""

    kind: str = ""
    """`csv`, `jsonl` or `parquet`."""
    columns: list[str] = field(default_factory=list)
    numeric: set[str] = field(default_factory=set)

    def rows(self) -> Iterator[tuple[int, dict[str, Any]]]:
        """Yield line numbers and rows: numbers as numbers, missing values as None."""
        try:
            yield from _READERS[self.kind](self)
        except (*UNREADABLE, UnicodeDecodeError, csv.Error) as error:
            raise unreadable(self, error) from None

    def require(self, name: str, option: str) -> str:
        """Return `name` if it is a column; else raise `InputError` with the nearest."""
        if name not in self.columns:
            raise InputError(
                f"{option} {name!r} is no column of {self.path.name}{nearest(name, self.columns)}"
            )
        return name


def open_table(path: str | Path, kind: str = "", on_read: OnRead = lambda _: None) -> Table:
    """Look at a file: its columns and, for CSV, which of them hold numbers only.

    Raises `InputError` for a file that is missing, empty or of an unknown kind; `kind` says it
    where the name does not.
    """
    source = open_source(path)
    kind = kind or KINDS.get(source.suffix, "")
    if not kind:
        raise InputError(
            f"file {source.path.name!r} is of no known kind; give a .csv, .csv.gz, .jsonl, "
            ".jsonl.gz or .parquet"
        )
    table = Table(source.path, kind=kind, on_read=on_read)
    if kind == "parquet":
        table.columns = parquet_columns(source.path)
    else:
        _learn_columns(table)
    if not table.columns:
        raise InputError(f"file {source.path.name!r} holds no rows")
    return table


def number(text: str) -> float | int | None:
    """Return the number that `text` is, or None.

    >>> number("12"), number("1.5"), number("x")
    (12, 1.5, None)
    """
    try:
        return int(text) if text.lstrip("+-").isdigit() else float(text)
    except ValueError:
        return None


def _learn_columns(table: Table) -> None:
    """A column is numeric when each value in it is: one word makes it one of words."""
    names: dict[str, None] = {}
    words: set[str] = set()
    for _, row in table.rows():
        names.update(dict.fromkeys(row))
        for name, value in row.items():
            if name not in words and isinstance(value, str) and number(value) is None:
                words.add(name)
    table.columns = list(names)
    if table.kind == "csv":
        table.numeric = set(names) - words


def _csv_rows(table: Table) -> Iterator[tuple[int, dict[str, Any]]]:
    with table.opened() as file:
        reader = csv.reader(io.TextIOWrapper(file, encoding="utf-8-sig", newline=""))
        header = next(reader, None)
        if header is None:
            return
        if len(set(header)) < len(header):
            raise InputError(f"file {table.path.name!r} has two columns of one name")
        for count, cells in enumerate(reader):
            if count % _STEP_ROWS == 0:
                table.step()
            if not cells:
                continue
            if len(cells) != len(header):
                table.note(reader.line_num, f"{len(cells)} cells, the header has {len(header)}")
                continue
            yield (
                reader.line_num,
                {
                    name: _value(cell, name in table.numeric)
                    for name, cell in zip(header, cells, strict=True)
                },
            )


def _value(cell: str, numeric: bool) -> Any:
    if cell.strip().lower() in MISSING:
        return None
    return number(cell) if numeric else cell


def _json_rows(table: Table) -> Iterator[tuple[int, dict[str, Any]]]:
    for line, text in table.lines():
        row = json_of(text)
        if isinstance(row, dict):
            yield line, row
        else:
            table.note(line, "no JSON" if row is None else "no JSON object")


def _parquet_rows(table: Table) -> Iterator[tuple[int, dict[str, Any]]]:
    # Its bytes are not in the order of its rows: progress is a fraction of all rows.
    size = table.path.stat().st_size
    with opened(table.path) as file:
        count = max(1, file.metadata.num_rows)
    for line, row in parquet_rows(table.path):
        if line % _STEP_ROWS == 0:
            table.read_to(size * line // count)
        yield line, row
    table.read_to(size)


_READERS: dict[str, Callable[[Table], Iterator[tuple[int, dict[str, Any]]]]] = {
    "csv": _csv_rows,
    "jsonl": _json_rows,
    "parquet": _parquet_rows,
}
