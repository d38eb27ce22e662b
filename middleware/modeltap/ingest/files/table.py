"""Reading CSV, JSON Lines, Parquet and Excel files as rows."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from modeltap.errors import InputError, nearest
from modeltap.ingest.files.chunk import CHUNK_CHARACTERS, CHUNK_ROWS, Chunk, ObjectChunk
from modeltap.ingest.files.column_facts import date_order
from modeltap.ingest.files.csv_table import CodesOf, CsvTable, csv_chunks, learn_csv
from modeltap.ingest.files.excel import EXCEL, ExcelTable, excel_chunks, read_excel
from modeltap.ingest.files.index_columns import is_index_name
from modeltap.ingest.files.parquet import PARQUET, opened, parquet_chunks, parquet_columns
from modeltap.ingest.files.source import (
    UNREADABLE,
    OnRead,
    Source,
    json_of,
    open_source,
    unreadable,
)
from modeltap.number_texts import number_of

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
"""Formats of tables, by suffix of the file."""


class TableForm(NamedTuple):
    """Details of a table's format that the user declared.

    Attributes:
        encoding: the encoding of a CSV file; None detects it.
        sheet: the sheet of an Excel workbook; None is the first.
    """

    encoding: str | None = None
    sheet: str | None = None


@dataclass
class Table(Source):
    """A file of rows; invalid lines are counted and skipped."""

    kind: str = ""
    """`csv`, `jsonl`, `parquet` or `xlsx`."""
    columns: list[str] = field(default_factory=list)
    index: frozenset[str] = frozenset()
    """Columns that only number or name the rows: features only if the user names them."""
    csv: CsvTable | None = None
    excel: ExcelTable | None = None
    orders: dict[str, bool] = field(default_factory=dict)

    @property
    def numeric(self) -> frozenset[str]:
        """The columns of CSV that are read as numbers."""
        return frozenset() if self.csv is None else frozenset(self.csv.styles)

    def keep_text(self, name: str) -> None:
        """Read a column of CSV as text, so that an id keeps all its digits."""
        if self.csv is not None:
            self.csv.styles.pop(name, None)

    def chunks(self) -> Iterator[Chunk]:
        """Yield the rows in chunks, with numbers as numbers and missing values as None."""
        try:
            yield from _READERS[self.kind](self)
        except (*UNREADABLE, UnicodeError, csv.Error) as error:
            raise unreadable(self, error) from None

    def rows(self) -> Iterator[tuple[int, dict[str, Any]]]:
        """Yield line numbers and rows."""
        for chunk in self.chunks():
            yield from chunk.rows()

    def day_first(self, name: str) -> bool | None:
        """Return whether 01/02/2024 in a column is the first of February; None if unknown."""
        return self.orders.get(name)

    def require(self, name: str, option: str) -> str:
        """Return `name` if it is a column; else raise `InputError` with the nearest name."""
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
    """Read the columns of a file and, for CSV, its dialect and its numeric columns.

    Args:
        kind: the format; "" takes it from the file's name.
        codes_of: from a column's name to its declared codes for missing values, which do not
            affect its type.

    Raises `InputError` if the file is missing, empty or of an unknown format, or if `form` is for
    another format.
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
        table.csv = _learn_format(table, codes_of, form.encoding)
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
    """Return the number in `text`, or None.

    >>> number("12"), number("1.5"), number("x")
    (12, 1.5, None)
    """
    return float("nan") if text.strip().lower() == "nan" else number_of(text)


def _learn_format(table: Table, codes_of: CodesOf, encoding: str | None) -> CsvTable:
    try:
        return learn_csv(table, codes_of, encoding)
    except (*UNREADABLE, UnicodeError, csv.Error) as error:
        raise unreadable(table, error) from None


def _learn_columns(table: Table) -> list[str]:
    """Return the names in the rows; record which columns have dates with the day first."""
    names: dict[str, None] = {}
    for chunk in table.chunks():
        own_names = chunk.names()
        names.update(own_names)
        for name in own_names:
            if name not in table.orders:
                texts = [value for value in chunk.column(name) if type(value) is str]
                order = date_order(texts, "\n" + "\n".join(texts))
                if order is not None:
                    table.orders[name] = order
    return list(names)


def _csv_chunks(table: Table) -> Iterator[Chunk]:
    return iter(()) if table.csv is None else csv_chunks(table, table.csv)


def _json_chunks(table: Table) -> Iterator[Chunk]:
    lines: list[int] = []
    rows: list[dict[str, Any]] = []
    size = 0
    for line, text in table.lines():
        row = json_of(text)
        if isinstance(row, dict):
            lines.append(line)
            rows.append(row)
            size += len(text)
        else:
            table.note(line, "not valid JSON" if row is None else "not a JSON object")
        if len(rows) >= CHUNK_ROWS or size >= CHUNK_CHARACTERS:
            yield ObjectChunk(lines, rows)
            lines, rows, size = [], [], 0
    if rows:
        yield ObjectChunk(lines, rows)


def _parquet_chunks(table: Table) -> Iterator[Chunk]:
    # Bytes are not in the order of rows, so progress is a fraction of rows.
    size = table.path.stat().st_size
    with opened(table.path) as file:
        count = max(1, file.metadata.num_rows)
    for chunk in parquet_chunks(table.path):
        yield chunk
        table.read_to(size * chunk.lines[-1] // count)
    table.read_to(size)


def _excel_chunks(table: Table) -> Iterator[Chunk]:
    size = table.path.stat().st_size
    if table.excel is not None:
        count = len(table.excel.rows) + table.excel.first
        for chunk in excel_chunks(table.excel):
            yield chunk
            table.read_to(size * chunk.lines[-1] // count)
    table.read_to(size)


_READERS: dict[str, Callable[[Table], Iterator[Chunk]]] = {
    "csv": _csv_chunks,
    "jsonl": _json_chunks,
    "parquet": _parquet_chunks,
    EXCEL: _excel_chunks,
}
