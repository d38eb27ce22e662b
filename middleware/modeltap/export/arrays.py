"""Decoded rows as NumPy arrays, for notebooks; all of them are in memory."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from modeltap.export.flattening import (
    BOOL,
    FLOAT,
    INT,
    LONG,
    TEXT,
    ColumnTypes,
    flattened,
    in_type,
    kind_of_all,
)
from modeltap.export.selection import Selection
from modeltap.store.connection import connect_reader
from modeltap.store.models import check_model
from modeltap.store.settings import SettingsReader

_TIMES = ("started_at", "event_time")


class Rows(dict[str, np.ndarray]):
    """Columns by their names, each of (n,) values."""

    def to_pandas(self) -> Any:
        """Return a pandas DataFrame; raises `ImportError` where pandas is not installed."""
        import pandas as pd

        return pd.DataFrame(dict(self))

    def to_polars(self) -> Any:
        """Return a polars DataFrame; raises `ImportError` where polars is not installed."""
        import polars as pl

        # Polars infers a type from lists, but not from arrays of objects.
        plain = {
            name: column.tolist() if column.dtype == object else column
            for name, column in self.items()
        }
        return pl.DataFrame(plain)


def read_arrays(path: Path, *, model: str | None, labelled: bool) -> Rows:
    """Return the rows of the store at `path`.

    Args:
        model: None for all models.
        labelled: only the rows that have a label.

    Raises `StoreError` if the store is missing, and `InputError` if it has no such model.
    """
    with closing(connect_reader(path)) as connection:
        check_model(connection, model)
        return arrays(Selection(connection, SettingsReader(connection), model, labelled))


def arrays(selection: Selection) -> Rows:
    """Return rows as columns. Missing values are NaN or NaT, and None in columns of text."""
    parts = list(map(flattened, selection.read()))
    columns = ColumnTypes()
    for part in parts:
        columns.learn(part)
    typed = zip(*map(columns.values, parts), strict=True) if parts else [()] * len(columns.types())
    values = [list(chain.from_iterable(column)) for column in typed]
    return Rows(
        (name, _array(name, kind, column))
        for (name, kind), column in zip(columns.types().items(), values, strict=True)
    )


def column_array(values: Sequence[Any]) -> np.ndarray:
    """Return the values of one column as an array; missing numbers are NaN, other ones None.

    >>> column_array([1, 2]), column_array([0.5, None]), column_array(["a", None])
    (array([1, 2]), array([0.5, nan]), array(['a', None], dtype=object))
    """
    kind = kind_of_all(values) or TEXT
    return _array("", kind, in_type(list(values), kind))


def _array(name: str, kind: str, column: Sequence[Any]) -> np.ndarray:
    if name in _TIMES:
        moments = [None if value is None else value.removesuffix("Z") for value in column]
        return np.array(moments, dtype="datetime64[ms]")
    is_complete = None not in column
    if kind == FLOAT or (kind == INT and not is_complete):
        return np.array(column, dtype=np.float64)
    if is_complete and kind in (INT, LONG):
        return np.array(column, dtype=np.int64)
    if is_complete and kind == BOOL:
        return np.array(column, dtype=np.bool_)
    array = np.empty(len(column), dtype=object)
    array[:] = column
    return array
