"""Decoded rows as NumPy arrays, for notebooks; all of them are in memory."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np

from modeltap.export.flattening import BOOL, FLOAT, INT, LONG, ColumnTypes
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

        # Of objects polars makes columns that it can do little with; of lists it finds the type.
        plain = {name: one.tolist() if one.dtype == object else one for name, one in self.items()}
        return pl.DataFrame(plain)


def read_arrays(path: Path, *, model: str | None, labelled: bool) -> Rows:
    """Return the rows of the store at `path`, of one model or all; only the labelled ones if so.

    Raises `StoreError` when the store is missing, `InputError` when it does not know the model.
    """
    with closing(connect_reader(path)) as connection:
        check_model(connection, model)
        return arrays(Selection(connection, SettingsReader(connection), model, labelled))


def arrays(selection: Selection) -> Rows:
    """Return rows as columns: what is missing is NaN or NaT, among texts None."""
    rows = list(selection.rows())
    columns = ColumnTypes()
    for row in rows:
        columns.learn(row)
    values = list(zip(*map(columns.values, rows), strict=True)) or [()] * len(columns.types())
    return Rows(
        (name, _array(name, kind, column))
        for (name, kind), column in zip(columns.types().items(), values, strict=True)
    )


def _array(name: str, kind: str, column: Sequence[Any]) -> np.ndarray:
    if name in _TIMES:
        moments = [None if value is None else value.removesuffix("Z") for value in column]
        return np.array(moments, dtype="datetime64[ms]")
    whole = None not in column
    if kind == FLOAT or (kind == INT and not whole):
        return np.array(column, dtype=np.float64)
    if whole and kind in (INT, LONG):
        return np.array(column, dtype=np.int64)
    if whole and kind == BOOL:
        return np.array(column, dtype=np.bool_)
    found = np.empty(len(column), dtype=object)
    found[:] = column
    return found
