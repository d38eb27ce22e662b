"""Reading Parquet files in batches. Needs the extra `parquet` (pyarrow)."""

from __future__ import annotations

import base64
import io
import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, time, timedelta
from decimal import Decimal
from importlib.util import find_spec
from pathlib import Path
from typing import Any, BinaryIO

from modeltap.errors import InputError, needs_extra
from modeltap.ingest.files.chunk import ColumnChunk
from modeltap.ingest.files.index_columns import is_index_name

PARQUET = ".parquet"

_BUFFER_BYTES = 1 << 18
_ROWS = 1024
"""Bytes and rows read at a time: bounds on memory."""

_JSON_TYPES = frozenset((str, int, bool, type(None)))
"""The types of values that are JSON values, whatever they are."""

_MAX_BYTES = 16 << 20
"""The largest size of one body's values: a few bytes of Parquet can expand to gigabytes."""


@contextmanager
def opened(path: str | Path | BinaryIO) -> Iterator[Any]:
    """Open a file as a `pyarrow.parquet.ParquetFile` that holds little of it in memory.

    Raises `InputError` if pyarrow is not installed, or the file is not Parquet.
    """
    with needs_extra("parquet", "reading Parquet"):
        import pyarrow as pa
        import pyarrow.parquet as pq
    try:
        # Read a buffer at a time, because one column of a row group may exceed the memory limit.
        with pq.ParquetFile(path, buffer_size=_BUFFER_BYTES, pre_buffer=False) as file:
            yield file
    except (pa.ArrowException, OSError) as error:
        reason = str(error).splitlines()[0]
        if isinstance(path, io.BytesIO):
            raise InputError("cannot be read as Parquet") from None
        raise InputError(f"file {str(path)!r} cannot be read as Parquet: {reason}") from None


def has_pyarrow() -> bool:
    """Return True if pyarrow is installed."""
    return find_spec("pyarrow") is not None


def rows_in(body: bytes, limit: int) -> list[dict[str, Any]]:
    """Return the rows of a file held in memory, as `parquet_chunks` does.

    Raises `InputError` if the file has more than `limit` rows, or needs more than 16 MB: a few
    bytes of Parquet can expand to any number of rows or bytes.
    """
    rows: list[dict[str, Any]] = []
    taken = 0
    with opened(io.BytesIO(body)) as file:
        if file.metadata.num_rows > limit:
            raise InputError(f"more than {limit} rows")
        groups = range(file.metadata.num_row_groups)
        largest = max((file.metadata.row_group(n).total_byte_size for n in groups), default=0)
        # A value that is written once may stand in each row of a batch.
        for batch in file.iter_batches(
            max(1, min(_ROWS, _MAX_BYTES // max(1, largest))), use_threads=False
        ):
            taken += batch.nbytes
            if taken > _MAX_BYTES:
                raise InputError(f"more than {_MAX_BYTES >> 20} MB of values")
            rows += [
                {name: _plain(value) for name, value in row.items()} for row in batch.to_pylist()
            ]
    return rows


def parquet_columns(path: Path) -> tuple[list[str], frozenset[str]]:
    """Return the names of a file's columns, and which of them are pandas' index.

    Raises `InputError` as `opened` does.
    """
    with opened(path) as file:
        if not file.metadata.num_rows:
            return [], frozenset()
        schema = file.schema_arrow
        try:
            described = (schema.pandas_metadata or {}).get("index_columns", ())
        except ValueError:  # the metadata is not JSON
            described = ()
        names = list(schema.names)
    index = {name for name in described if isinstance(name, str)}
    return names, frozenset(name for name in names if name in index or is_index_name(name))


def parquet_chunks(path: Path) -> Iterator[ColumnChunk]:
    """Yield rows with JSON values in chunks; rows are numbered from 1, and NaN becomes None."""
    number = 1
    with opened(path) as file:
        for batch in file.iter_batches(_ROWS, use_threads=False):
            if not batch.num_rows:
                continue
            columns: dict[str, Sequence[Any]] = {
                name: _plain_column(column.to_pylist())
                for name, column in zip(batch.schema.names, batch.columns, strict=True)
            }
            yield ColumnChunk(range(number, number + batch.num_rows), columns)
            number += batch.num_rows


def _plain_column(values: list[Any]) -> list[Any]:
    return values if _JSON_TYPES.issuperset(map(type, values)) else list(map(_plain, values))


def _plain(value: Any) -> Any:
    """Return a value as a JSON value.

    >>> _plain(date(2024, 5, 1)), _plain(Decimal("1.5")), _plain(b"a"), _plain(math.nan)
    ('2024-05-01', 1.5, 'YQ==', None)
    """
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, (date, time)):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {str(name): _plain(item) for name, item in value.items()}
    return value
