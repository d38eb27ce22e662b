"""Writers of exported rows: JSON Lines, CSV and Parquet, to a file that is replaced atomically.

JSON Lines are streamed. CSV and Parquet need the columns of all rows first, so they read the rows
twice and keep at most a few thousand of them in memory.
"""

from __future__ import annotations

import csv
import gzip
import io
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO, TextIO

from modeltap.errors import InputError
from modeltap.export.flattening import BOOL, FLOAT, INT, LONG, TEXT, ColumnTypes, cell
from modeltap.export.json_text import json_text
from modeltap.export.selection import Exported, OnExchangesRead, Selection

SUFFIXES = {".csv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl", ".parquet": "parquet"}
PASSES = {"jsonl": 1, "csv": 2, "parquet": 2}
"""Passes over the rows that each format needs."""

_GROUP_ROWS = 10_000
_GROUP_BYTES = 16 * 1024 * 1024
"""Rows and bytes of a Parquet row group, which is held in memory until it is written."""


def format_of(path: Path) -> str:
    """Return the format of a file by its suffix; raise `InputError` if it has none of them."""
    name = path.name.lower()
    kind = SUFFIXES.get(Path(name.removesuffix(".gz")).suffix)
    if kind is None or (kind == "parquet" and name.endswith(".gz")):
        raise InputError(
            f"-o {path.name!r} has no known suffix: use .csv, .csv.gz, .jsonl, .jsonl.gz or "
            ".parquet, or set --format"
        )
    return kind


def write_file(selection: Selection, path: Path, kind: str, on_read: OnExchangesRead) -> int:
    """Write rows to a file, replacing an existing one; return the number of rows."""
    with _replaced(path) as file:
        if kind == "parquet":
            return write_parquet(selection, file, on_read)
        with _compressed(file, path) as plain, _as_text(plain) as text:
            return WRITERS[kind](selection, text, on_read)


def write_jsonl(selection: Selection, file: TextIO, on_read: OnExchangesRead) -> int:
    """Write one JSON object per line."""
    count = 0
    for row in selection.rows(on_read):
        file.write(json_text(row.document()) + "\n")
        count += 1
    return count


def write_csv(selection: Selection, file: TextIO, on_read: OnExchangesRead) -> int:
    """Write a header and one line per row; missing values are empty."""
    columns = _columns_of(selection, on_read)
    writer = csv.writer(file, lineterminator="\n")
    names = list(columns.types())
    writer.writerow(names)
    count = 0
    for row in selection.rows(on_read):
        values = zip(names, columns.values(row), strict=True)
        writer.writerow([cell(value) for _, value in values])
        count += 1
    return count


WRITERS: dict[str, Callable[[Selection, TextIO, OnExchangesRead], int]] = {
    "jsonl": write_jsonl,
    "csv": write_csv,
}


def write_parquet(selection: Selection, file: BinaryIO, on_read: OnExchangesRead) -> int:
    """Write row groups. Needs the extra `parquet` (pyarrow)."""
    pa, pq = _pyarrow()
    columns = _columns_of(selection, on_read)
    types = {
        BOOL: pa.bool_(),
        INT: pa.int64(),
        LONG: pa.int64(),
        FLOAT: pa.float64(),
        TEXT: pa.string(),
    }
    schema = pa.schema([(name, types[kind]) for name, kind in columns.types().items()])
    count = 0
    with pq.ParquetWriter(file, schema) as writer:
        for group in _groups(columns, selection.rows(on_read)):
            parts = zip(zip(*group, strict=True), schema, strict=True)
            arrays = [pa.array(values, field.type) for values, field in parts]
            writer.write_table(pa.table(arrays, schema=schema))
            count += len(group)
    return count


def _groups(columns: ColumnTypes, rows: Iterator[Exported]) -> Iterator[list[list[Any]]]:
    """Yield the values of one row group at a time."""
    group: list[list[Any]] = []
    size = 0
    for row in rows:
        group.append(columns.values(row))
        size += sum(len(value) for value in group[-1] if isinstance(value, str))
        if len(group) >= _GROUP_ROWS or size >= _GROUP_BYTES:
            yield group
            group, size = [], 0
    if group:
        yield group


def _columns_of(selection: Selection, on_read: OnExchangesRead) -> ColumnTypes:
    columns = ColumnTypes()
    for row in selection.rows(on_read):
        columns.learn(row)
    return columns


def _pyarrow() -> tuple[Any, Any]:
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError:
        raise InputError(
            "writing Parquet needs pyarrow; run pip install 'modeltap[parquet]'"
        ) from None
    return pa, pq


@contextmanager
def _replaced(path: Path) -> Iterator[BinaryIO]:
    """Open a temporary file with mode 0600 that replaces `path` once it is complete."""
    if path.exists() and not path.is_file():
        raise InputError(f"-o {str(path)!r} is not a regular file; name one")
    if not path.absolute().parent.is_dir():
        raise InputError(f"-o {str(path)!r}: the folder {str(path.parent)!r} does not exist")
    partial = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with os.fdopen(os.open(partial, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    finally:
        with suppress(FileNotFoundError):
            partial.unlink()


@contextmanager
def _compressed(file: BinaryIO, path: Path) -> Iterator[BinaryIO]:
    if not path.name.lower().endswith(".gz"):
        yield file
        return
    with gzip.GzipFile(filename="", mode="wb", fileobj=file, mtime=0) as packed:
        yield packed  # type: ignore[misc]


@contextmanager
def _as_text(file: BinaryIO) -> Iterator[TextIO]:
    text = io.TextIOWrapper(file, encoding="utf-8", errors="replace", newline="")
    try:
        yield text
    finally:
        text.detach()
