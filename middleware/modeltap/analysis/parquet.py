"""Parquet files of any size, counted a batch at a time. Needs the extra `parquet` (pyarrow)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from modeltap.analysis.counting.tally import Tally, tally
from modeltap.analysis.model.feature import Column
from modeltap.analysis.model.reference import Reference
from modeltap.ingest.files.parquet import opened

BATCH_ROWS = 16_384


def count_parquet(path: str | Path, reference: Reference) -> Tally:
    """Count all rows of a file under a reference, in bounded memory.

    Raises `InputError` where pyarrow is not installed, or the file is no Parquet.
    """
    total = tally({}, 0, reference)
    for columns, rows in batches(path):
        total = total + tally(columns, rows, reference)
    return total


def batches(path: str | Path, rows: int = BATCH_ROWS) -> Iterator[tuple[dict[str, Column], int]]:
    """Yield a file's columns, so many rows at a time: numbers as float64, the rest as Python's."""
    with opened(path) as file:
        for batch in file.iter_batches(rows, use_threads=False):
            names = batch.schema.names
            yield (
                {name: _column(column) for name, column in zip(names, batch.columns, strict=True)},
                batch.num_rows,
            )


def _column(column: Any) -> Column:
    import pyarrow as pa

    if pa.types.is_floating(column.type) or pa.types.is_integer(column.type):
        found: np.ndarray = column.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
        return found
    values: list[Any] = column.to_pylist()
    return values
