"""A batch's columns as typed values of a reference's features, without sentinels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np

from modeltap.analysis.counting.derived import measured
from modeltap.analysis.model.feature import (
    Column,
    Feature,
    as_boolean,
    as_category,
    code,
    is_missing,
    plain,
)
from modeltap.decoding.row_tables import SharedTexts, packed_floats
from modeltap.number_texts import MISSING, Style, number_of

_NUMBERS = {int, float, type(None)}
"""The types of a column that NumPy converts to floats in one call."""


class Values:
    """The values of N rows.

    Args:
        columns: values by feature, each of length `rows`.
        features: the reference's, by name.
        times: (rows,) Unix seconds, NaN where unknown.
    """

    def __init__(
        self,
        columns: Mapping[str, Column],
        rows: int,
        features: Mapping[str, Feature],
        times: Sequence[float] | None = None,
    ) -> None:
        self.columns, self.rows, self.times = columns, rows, times
        self.features = features

    def column(self, feature: Feature) -> Column | None:
        """Return the column that a feature has or is measured on; None if no row has it."""
        return self.columns.get(feature.of or feature.name)

    def numbers(self, feature: Feature, column: Column) -> tuple[np.ndarray, int]:
        """Return (rows,) float64 with NaN for missing, and how many NaN have the wrong type."""
        if feature.measure is not None:
            source = self.features[feature.of or feature.name]
            return measured(feature.measure, source, column, self.times), 0
        numbers, wrong = _numbers(column, feature.texts)
        codes = [code for code in feature.missing_values if isinstance(code, (int, float))]
        texts = [code for code in feature.missing_values if isinstance(code, str)]
        if texts and wrong:
            wrong -= sum(
                value in texts and _number(value, feature.texts) is None
                for value in plain(column)
                if type(value) is str
            )
        if codes:
            numbers = np.where(np.isin(numbers, codes), np.nan, numbers)
        return numbers, wrong

    def categories(self, feature: Feature, column: Column) -> Sequence[str | int | None]:
        """Return a category for each row; None if it is missing, 0 if it has another type."""
        listed = column.tolist() if isinstance(column, np.ndarray) else column
        if feature.kind == "boolean":
            categories: Sequence[Any] = [_boolean(value, feature.whole) for value in plain(listed)]
        elif isinstance(listed, SharedTexts) or set(map(type, listed)) <= {str, type(None)}:
            categories = listed
        else:
            # True and 1 are equal, so they would be counted as the same value.
            categories = [_category(value, feature.whole) for value in plain(listed)]
        if feature.missing_values:
            codes = set(map(code, feature.missing_values))
            categories = [None if value in codes else value for value in categories]
        return categories


def _numbers(column: Column, texts: Style | Literal[""]) -> tuple[np.ndarray, int]:
    if isinstance(column, np.ndarray) and column.dtype in (np.float64, np.int64):
        return column.astype(np.float64, copy=False), 0
    column = column.tolist() if isinstance(column, np.ndarray) else column
    floats = packed_floats(column)
    if floats is not None:
        return floats, 0
    if set(map(type, column)) <= _NUMBERS:
        try:
            return np.array(column, dtype=np.float64), 0
        except OverflowError:
            pass  # an integer beyond 1.8e308
    numbers = [_number(value, texts) for value in plain(column)]
    wrong = sum(number is None for number in numbers)
    return np.array(numbers, dtype=np.float64), wrong


def _number(value: object, texts: Style | Literal[""]) -> float | None:
    """Return a number, NaN for a missing one, None for a value that is not a number."""
    if value is None:
        return float("nan")
    if texts and isinstance(value, str):
        if value.strip().lower() in MISSING:
            return float("nan")
        value = number_of(value, texts)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    try:
        return float(value)
    except OverflowError:
        return float("inf") if value > 0 else float("-inf")


def _boolean(value: object, whole: bool) -> str | int | None:
    if is_missing(value):
        return None
    return (as_boolean(value) or 0) if whole or isinstance(value, (str, bool)) else 0


def _category(value: object, whole: bool) -> str | int | None:
    if is_missing(value):
        return None
    if isinstance(value, (str, bool)):
        return as_category(value)
    return code(value) if whole and isinstance(value, int | float) else 0
