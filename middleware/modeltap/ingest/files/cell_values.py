"""Values of cells: numbers, texts, None for missing values in CSV, and numbers of rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from modeltap.number_texts import MISSING, Style, number_of

_PLAIN_BYTES = b"0123456789.-"

_LAST = 2**53
"""Floats distinguish all whole numbers to here."""


def column_values(cells: Sequence[str], style: Style | None) -> Sequence[Any]:
    """Return the values of cells of one column.

    Args:
        style: the number format of the column; None for texts.

    >>> column_values(["1", "2.5", "", "n/a"], "point"), column_values(["a", "NULL"], None)
    ([1, 2.5, None, None], ['a', None])
    """
    if style == "point" and (numbers := _plain_numbers(cells)) is not None:
        return numbers
    different = set(cells)
    if style is None and MISSING.isdisjoint(map(str.lower, map(str.strip, different))):
        return cells
    values = {cell: _value(cell, style) for cell in different}
    return list(map(values.__getitem__, cells))


def row_number(value: Any) -> int | None:
    """Return the number of a row in a request: 0 for an empty cell, None if it is not valid.

    Spreadsheets and data frames write whole numbers as 1.0.

    >>> row_number(None), row_number("2"), row_number("1.0"), row_number(1.0)
    (0, 2, 1, 1)
    >>> row_number("x"), row_number(-1), row_number(0.5), row_number(True)
    (None, None, None, None)
    """
    if isinstance(value, str):
        value = number_of(value) if value.strip() else 0
    elif value is None or value != value:  # NaN differs from itself
        value = 0
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= _LAST:
        return None
    return int(value) if value == int(value) else None


def _plain_numbers(cells: Sequence[str]) -> list[Any] | None:
    """Return numbers without exponents and signs such as currencies; None if there are others."""
    joined = "".join(cells)
    if not joined.isascii() or joined.encode().translate(None, _PLAIN_BYTES):
        return None
    points = joined.count(".")
    try:
        # Cells of one kind are converted without a test of each.
        if points == len(cells):
            return list(map(float, cells))  # also refuses a cell with two points
        if not points:
            return list(map(int, cells) if "" not in cells else map(_int_or_none, cells))
        return [float(cell) if "." in cell else int(cell) if cell else None for cell in cells]
    except ValueError:  # a code for a missing value, such as "--"
        return None


def _int_or_none(cell: str) -> int | None:
    return int(cell) if cell else None


def _value(cell: str, style: Style | None) -> Any:
    if cell.strip().lower() in MISSING:
        return None
    if style is None:
        return cell
    number = number_of(cell, style)
    # A code for a missing value stays as written.
    return cell.strip() if number is None else number
