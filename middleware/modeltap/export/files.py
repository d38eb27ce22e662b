"""Writers of exported rows: JSON Lines, CSV and Parquet, to a file that is replaced atomically.

JSON Lines are streamed. CSV and Parquet need the columns of all rows first, so decoded rows wait
in a temporary file. At most a few thousand of them are in memory.
"""

from __future__ import annotations

import csv
import gzip
import io
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO, TextIO

from modeltap.errors import InputError, needs_extra
from modeltap.export.flattening import BOOL, FLOAT, INT, LONG, TEXT, ColumnTypes, cells, flattened
from modeltap.export.json_text import json_lines
from modeltap.export.selection import OnExchangesRead, Selection
from modeltap.export.spool import Spool, spool_in

SUFFIXES = {".csv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl", ".parquet": "parquet"}
PASSES = {"jsonl": 1, "csv": 2, "parquet": 2}
"""The number of times that each format reads the rows, once from the store."""

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
            return write_parquet(selection, file, on_read, path.parent)
        with _compressed(file, path) as plain, _as_text(plain) as text:
            return write_text(selection, text, kind, on_read, path.parent)


def write_documents(path: Path, batches: Iterable[Sequence[Any]]) -> int:
    """Write documents as JSON Lines, replacing an existing file; return their number."""
    count = 0
    with _replaced(path) as file, _compressed(file, path) as plain, _as_text(plain) as text:
        for batch in batches:
            text.write(json_lines(batch))
            count += len(batch)
    return count


def write_text(
    selection: Selection,
    file: TextIO,
    kind: str,
    on_read: OnExchangesRead,
    folder: Path | None = None,
) -> int:
    """Write rows as JSON Lines or CSV; return the number of rows.

    Args:
        folder: where rows wait on disk; None for the system's folder of temporary files.
    """
    if kind == "csv":
        return write_csv(selection, file, on_read, folder)
    return write_jsonl(selection, file, on_read)


def write_jsonl(selection: Selection, file: TextIO, on_read: OnExchangesRead) -> int:
    """Write one JSON object per line."""
    count = 0
    for rows in selection.read():
        file.write(json_lines(rows.documents()))
        count += len(rows)
        on_read(rows.exchanges)
    return count


def write_csv(
    selection: Selection, file: TextIO, on_read: OnExchangesRead, folder: Path | None = None
) -> int:
    """Write a header and one line per row; missing values are empty."""
    with spool_in(folder) as spool:
        columns = _spooled(selection, spool, on_read)
        types = columns.types()
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(types)
        count = 0
        for rows in spool:
            values = zip(columns.values(rows), types.values(), strict=True)
            writer.writerows(zip(*(cells(column, kind) for column, kind in values), strict=True))
            count += len(rows)
            on_read(rows.exchanges)
    return count


def write_parquet(
    selection: Selection, file: BinaryIO, on_read: OnExchangesRead, folder: Path | None = None
) -> int:
    """Write row groups. Needs the extra `parquet` (pyarrow)."""
    pa, pq = _pyarrow()
    with spool_in(folder) as spool:
        columns = _spooled(selection, spool, on_read)
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
            for group in _groups(columns, spool, on_read):
                parts = zip(group, schema, strict=True)
                arrays = [pa.array(values, field.type) for values, field in parts]
                writer.write_table(pa.table(arrays, schema=schema))
                count += len(group[0])
    return count


def _groups(
    columns: ColumnTypes, spool: Spool, on_read: OnExchangesRead
) -> Iterator[list[list[Any]]]:
    """Yield the columns of one row group at a time."""
    kinds = columns.types().values()
    group: list[list[Any]] = [[] for _ in kinds]
    size = 0
    for rows in spool:
        for column, kind, values in zip(group, kinds, columns.values(rows), strict=True):
            column += values
            size += sum(map(len, filter(None, values))) if kind == TEXT else 0
        while len(group[0]) >= _GROUP_ROWS:
            yield [column[:_GROUP_ROWS] for column in group]
            group, size = [column[_GROUP_ROWS:] for column in group], 0
        if size >= _GROUP_BYTES:
            yield group
            group, size = [[] for _ in group], 0
        on_read(rows.exchanges)
    if group[0]:
        yield group


def _spooled(selection: Selection, spool: Spool, on_read: OnExchangesRead) -> ColumnTypes:
    """Write all rows to `spool`, and return their columns."""
    columns = ColumnTypes()
    for rows in selection.read():
        flat_rows = flattened(rows)
        columns.learn(flat_rows)
        spool.add(flat_rows)
        on_read(rows.exchanges)
    return columns


def _pyarrow() -> tuple[Any, Any]:
    with needs_extra("parquet", "writing Parquet"):
        import pyarrow as pa
        import pyarrow.parquet as pq
    return pa, pq


@contextmanager
def _replaced(path: Path) -> Iterator[BinaryIO]:
    """Open a temporary file with mode 0600 that replaces `path` once it is complete."""
    if path.exists() and not path.is_file():
        raise InputError(f"-o {str(path)!r} is not a regular file; name one")
    if not path.absolute().parent.is_dir():
        raise InputError(f"-o {str(path)!r}: the folder {str(path.parent)!r} does not exist")
    partial = path.with_name(f".{path.name}.{os.getpid()}.part")
    with suppress(FileNotFoundError):
        partial.unlink()  # of a process that was killed; in a container all have the same id
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
