"""Writing exported rows: JSON Lines, CSV and Parquet, to a file that is there whole or not at all.

JSON Lines go out as they come. CSV and Parquet have columns, which show only at the end: rows are
gone through twice, so that no more than a few thousand are ever in memory.
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
"""Passes over the rows that each format takes."""

_GROUP_ROWS = 10_000
_GROUP_BYTES = 16 * 1024 * 1024
"""Parquet is written in groups of that size, each held in memory until then."""


def format_of(path: Path) -> str:
    """Return the format that a file's name asks for; raises `InputError` where it asks for none."""
    name = path.name.lower()
    kind = SUFFIXES.get(Path(name.removesuffix(".gz")).suffix)
    if kind is None or (kind == "parquet" and name.endswith(".gz")):
        raise InputError(
            f"-o {path.name!r} names no format: end it in .csv, .csv.gz, .jsonl, .jsonl.gz or "
            ".parquet, or say --format"
        )
    return kind


def write_file(selection: Selection, path: Path, kind: str, on_read: OnExchangesRead) -> int:
    """Write rows to a file, in place of one that is there; return how many."""
    with _replaced(path) as file:
        if kind == "parquet":
            return write_parquet(selection, file, on_read)
        with _compressed(file, path) as plain, _as_text(plain) as text:
            return WRITERS[kind](selection, text, on_read)


def write_jsonl(selection: Selection, file: TextIO, on_read: OnExchangesRead) -> int:
    """Write a JSON object a line."""
    count = 0
    for row in selection.rows(on_read):
        file.write(json_text(row.document()) + "\n")
        count += 1
    return count


def write_csv(selection: Selection, file: TextIO, on_read: OnExchangesRead) -> int:
    """Write a header and a line a row; what is missing is empty."""
    columns = _learnt(selection, on_read)
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
    """Write groups of rows. Needs the extra `parquet` (pyarrow)."""
    pa, pq = _pyarrow()
    columns = _learnt(selection, on_read)
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
    """Yield the values of so many rows as are held at once."""
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


def _learnt(selection: Selection, on_read: OnExchangesRead) -> ColumnTypes:
    columns = ColumnTypes()
    for row in selection.rows(on_read):
        columns.learn(row)
    return columns


def _pyarrow() -> tuple[Any, Any]:
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError:
        raise InputError("writing Parquet needs pyarrow: pip install 'modeltap[parquet]'") from None
    return pa, pq


@contextmanager
def _replaced(path: Path) -> Iterator[BinaryIO]:
    """Open a file beside `path`, for its owner only, that takes its place when all is written."""
    if path.exists() and not path.is_file():
        raise InputError(f"-o {str(path)!r} is no file; name one")
    if not path.absolute().parent.is_dir():
        raise InputError(f"-o {str(path)!r}: the folder {str(path.parent)!r} does not exist")
    aside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with os.fdopen(os.open(aside, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)
    finally:
        with suppress(FileNotFoundError):
            aside.unlink()


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
