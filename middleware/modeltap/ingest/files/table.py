"""Reading CSV, JSON Lines, Parquet and Excel files as rows of values."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from modeltap.errors import InputError, nearest
from modeltap.ingest.files.csv_table import CodesOf, CsvTable, csv_rows, learn_csv
from modeltap.ingest.files.excel import EXCEL, ExcelTable, excel_rows, read_excel
from modeltap.ingest.files.index_columns import is_index_name
from modeltap.ingest.files.parquet import PARQUET, opened, parquet_columns, parquet_rows
from modeltap.ingest.files.source import (
    UNREADABLE,
    OnRead,
    Source,
    json_of,
    open_source,
    unreadable,
)
from modeltap.number_texts import number_of
from modeltap.time_texts import order_in

KINDS = {
    ".csv": "csv",
    ".tsv": "csv",
    ".tab": "csv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    PARQUET: "parquet",
    ".xlsx": EXCEL,
    ".xlsm": EXCEL,
}
"""Formats of tables, by the ending of the file."""

_STEP_ROWS = 1024
"""Rows between two reports of progress."""


class TableForm(NamedTuple):
    """How a table is written, as far as the user declared it.

    Attributes:
        encoding: of a CSV file; None finds it.
        sheet: of an Excel workbook; None is the first.
    """

    encoding: str | None = None
    sheet: str | None = None


@dataclass
class Table(Source):
    """A file of rows; broken lines are counted and named, the rest is read."""

    kind: str = ""
    """`csv`, `jsonl`, `parquet` or `xlsx`."""
    columns: list[str] = field(default_factory=list)
    index: frozenset[str] = frozenset()
    """Columns that only number the rows, or name them: no features unless they are asked for."""
    csv: CsvTable | None = None
    excel: ExcelTable | None = None
    orders: dict[str, bool] = field(default_factory=dict)

    @property
    def numeric(self) -> frozenset[str]:
        """The columns of CSV that are read as numbers."""
        return frozenset() if self.csv is None else frozenset(self.csv.styles)

    def keep_text(self, name: str) -> None:
        """Read a column of CSV as it is written: of an id no digit is lost."""
        if self.csv is not None:
            self.csv.styles.pop(name, None)

    def rows(self) -> Iterator[tuple[int, dict[str, Any]]]:
        """Yield line numbers and rows: numbers as numbers, missing values as None."""
        try:
            yield from _READERS[self.kind](self)
        except (*UNREADABLE, UnicodeError, csv.Error) as error:
            raise unreadable(self, error) from None

    def day_first(self, name: str) -> bool | None:
        """Say whether 01/02/2024 in a column is the first of February; None if nothing shows it."""
        return self.orders.get(name)

    def require(self, name: str, option: str) -> str:
        """Return `name` if it is a column; else raise `InputError` with the nearest."""
        if name not in self.columns:
            raise InputError(
                f"{option} {name!r}: {self.path.name} has no such column"
                f"{nearest(name, self.columns)}"
            )
        return name


def open_table(
    path: str | Path,
    kind: str = "",
    on_read: OnRead = lambda _: None,
    codes_of: CodesOf = lambda _: (),
    form: TableForm = TableForm(),  # noqa: B008
) -> Table:
    """Look at a file: its columns and, for CSV, how it is written and which are of numbers.

    Args:
        codes_of: from a column's name to its declared codes for missing values, which say nothing
            of its type.

    Raises `InputError` for a file that is missing, empty or of an unknown kind, or of another
    kind than `form` is for; `kind` says it where the name does not.
    """
    source = open_source(path)
    kind = kind or KINDS.get(source.suffix, "")
    if not kind:
        raise InputError(
            f"file {source.path.name!r} has an unknown format; use a .csv, .csv.gz, .jsonl, "
            ".jsonl.gz, .parquet or .xlsx file"
        )
    if form.encoding is not None and kind != "csv":
        raise InputError(f"--encoding is for CSV; {source.path.name!r} is {kind}")
    if form.sheet is not None and kind != EXCEL:
        raise InputError(f"--sheet is for Excel; {source.path.name!r} is {kind}")
    table = Table(source.path, kind=kind, on_read=on_read)
    if kind == "parquet":
        table.columns, table.index = parquet_columns(source.path)
    elif kind == "csv":
        table.csv = _learnt(table, codes_of, form.encoding)
        table.columns, table.index = table.csv.names, table.csv.index
        table.orders = table.csv.day_first
    elif kind == EXCEL:
        table.excel = read_excel(source.path, form.sheet)
        table.columns, table.index = table.excel.names, table.excel.index
        table.notices += table.excel.notices
        _learn_columns(table)
    else:
        table.columns = _learn_columns(table)
        table.index = frozenset(filter(is_index_name, table.columns))
    if not table.columns:
        raise InputError(f"file {source.path.name!r} has no rows")
    return table


def number(text: str) -> float | int | None:
    """Return the number that `text` is, or None.

    >>> number("12"), number("1.5"), number("x")
    (12, 1.5, None)
    """
    return float("nan") if text.strip().lower() == "nan" else number_of(text)


def _learnt(table: Table, codes_of: CodesOf, encoding: str | None) -> CsvTable:
    try:
        return learn_csv(table, codes_of, encoding)
    except (*UNREADABLE, UnicodeError, csv.Error) as error:
        raise unreadable(table, error) from None


def _learn_columns(table: Table) -> list[str]:
    """Return the names in the rows; note in which columns dates have their day first."""
    names: dict[str, None] = {}
    for _, row in table.rows():
        names.update(dict.fromkeys(row))
        for name, value in row.items():
            if type(value) is not str or name in table.orders:
                continue
            if (order := order_in(value.strip())) is not None:
                table.orders[name] = order
    return list(names)


def _csv_rows(table: Table) -> Iterator[tuple[int, dict[str, Any]]]:
    return iter(()) if table.csv is None else csv_rows(table, table.csv)


def _json_rows(table: Table) -> Iterator[tuple[int, dict[str, Any]]]:
    for line, text in table.lines():
        row = json_of(text)
        if isinstance(row, dict):
            yield line, row
        else:
            table.note(line, "not valid JSON" if row is None else "not a JSON object")


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


def _excel_rows(table: Table) -> Iterator[tuple[int, dict[str, Any]]]:
    size = table.path.stat().st_size
    if table.excel is not None:
        count = len(table.excel.rows) + table.excel.first
        for line, row in excel_rows(table.excel):
            if line % _STEP_ROWS == 0:
                table.read_to(size * line // count)
            yield line, row
    table.read_to(size)


_READERS: dict[str, Callable[[Table], Iterator[tuple[int, dict[str, Any]]]]] = {
    "csv": _csv_rows,
    "jsonl": _json_rows,
    "parquet": _parquet_rows,
    EXCEL: _excel_rows,
}
