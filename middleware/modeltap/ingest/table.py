"""Reading CSV, JSON Lines and Parquet files as rows of values."""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

from modeltap.errors import InputError, nearest
from modeltap.ingest.parquet import PARQUET, parquet_columns, parquet_rows

MISSING = frozenset(("", "na", "n/a", "nan", "null", "none"))
"""What tables write where there is no value, in lower case."""

_MAX_BROKEN_NAMED = 20


@dataclass
class Table:
    """A file of rows; broken lines are counted and named, the rest is read."""

    path: Path
    columns: list[str] = field(default_factory=list)
    numeric: set[str] = field(default_factory=set)
    broken: list[str] = field(default_factory=list)
    broken_count: int = 0

    def rows(self) -> Iterator[tuple[int, dict[str, Any]]]:
        """Yield line numbers and rows: numbers as numbers, missing values as None."""
        self.broken, self.broken_count = [], 0
        if _suffix(self.path) == PARQUET:
            yield from parquet_rows(self.path)
            return
        reader = _csv_rows if self._is_csv() else _json_rows
        with _opened(self.path) as file:
            yield from reader(file, self)

    def require(self, name: str, option: str) -> str:
        """Return `name` if it is a column; else raise `InputError` with the nearest."""
        if name not in self.columns:
            raise InputError(
                f"{option} {name!r} is no column of {self.path.name}{nearest(name, self.columns)}"
            )
        return name

    def note(self, line: int, reason: str) -> None:
        """Count a broken line, and keep the first few for people."""
        self.broken_count += 1
        if len(self.broken) < _MAX_BROKEN_NAMED:
            self.broken.append(f"line {line}: {reason}")

    def _is_csv(self) -> bool:
        return _suffix(self.path) == ".csv"


def open_table(path: str | Path) -> Table:
    """Look at a file: its columns and, for CSV, which of them hold numbers only.

    Raises `InputError` for a file that is missing, empty or of an unknown kind.
    """
    file = Path(path)
    if not file.is_file():
        near = [p.name for p in file.parent.glob("*")] if file.parent.is_dir() else []
        raise InputError(f"there is no file {str(path)!r}{nearest(file.name, near[:50])}")
    if _suffix(file) not in (".csv", ".jsonl", ".ndjson", PARQUET):
        raise InputError(
            f"file {file.name!r} is of no known kind; give a .csv, .csv.gz, .jsonl, .jsonl.gz "
            "or .parquet"
        )
    table = Table(file)
    try:
        if _suffix(file) == PARQUET:
            table.columns = parquet_columns(file)
        else:
            _learn_columns(table)
    except (OSError, EOFError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"file {file.name!r} cannot be read: {error}") from None
    if not table.columns:
        raise InputError(f"file {file.name!r} holds no rows")
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
    if table._is_csv():
        table.numeric = set(names) - words


def _csv_rows(file: TextIO, table: Table) -> Iterator[tuple[int, dict[str, Any]]]:
    reader = csv.reader(file)
    header = next(reader, None)
    if header is None:
        return
    if len(set(header)) < len(header):
        raise InputError(f"file {table.path.name!r} has two columns of one name")
    for cells in reader:
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


def _json_rows(file: TextIO, table: Table) -> Iterator[tuple[int, dict[str, Any]]]:
    for line, text in enumerate(file, 1):
        if not text.strip():
            continue
        try:
            row = json.loads(text)
        except (ValueError, RecursionError):
            table.note(line, "no JSON")
            continue
        if isinstance(row, dict):
            yield line, row
        else:
            table.note(line, "no JSON object")


def _opened(path: Path) -> TextIO:
    if path.suffix.lower() == ".gz":
        return io.TextIOWrapper(gzip.open(path, "rb"), encoding="utf-8-sig", newline="")
    return path.open(encoding="utf-8-sig", newline="")


def _suffix(path: Path) -> str:
    name = path.name.lower().removesuffix(".gz")
    return Path(name).suffix
