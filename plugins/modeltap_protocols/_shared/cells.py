"""Comma-separated text: its lines, header and rows."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Sequence
from itertools import islice
from typing import Any

from modeltap.ingest.files.table import number
from modeltap.number_texts import MISSING
from modeltap.payload import Payload
from modeltap_protocols._shared.inputs import MAX_ROWS

MEDIA = ("text/csv", "application/csv", "text/x-csv", "text/tab-separated-values")
"""Media types of tables."""

Lines = list[list[str]]

_CODE = re.compile(r"[+-]?0\d[\d.]*|\d+[eE]\d+", re.ASCII)


class NoTable(ValueError):
    """The text is not a table; the message gives the reason."""


def read_lines(text: str, delimiter: str | None = None) -> Lines:
    r"""Return the cells of each line that is not empty.

    Raises `NoTable` if the lines have different numbers of cells, or if the text is not CSV.

    >>> read_lines('a,"b, c"\r\n\r\n1,2')
    [['a', 'b, c'], ['1', '2']]
    """
    text = text.removeprefix("\ufeff")
    # Only CR and LF end lines: Unicode's other line separators may be part of a text.
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter or _delimiter(text))
    try:
        lines = [cells for cells in islice(reader, MAX_ROWS + 2) if cells]
    except csv.Error as error:
        raise NoTable(f"not CSV ({error})") from None
    for place, cells in enumerate(lines, 1):
        if len(cells) != len(lines[0]):
            raise NoTable(
                f"line {place} has {len(cells)} cells, but the first line has {len(lines[0])}"
            )
    return lines


def has_header(lines: Lines, answers: int | None = None) -> bool:
    """Return True if the first line is a header: it has no number, but other lines have.

    If no line has a number, the first line is a header if the response has one value for each of
    the other lines (`answers`).

    >>> has_header([["a", "b"], ["1", "x"]]), has_header([["1", "2"], ["3", "4"]])
    (True, False)
    >>> has_header([["a"], ["b"], ["c"]], answers=2), has_header([["a"], ["b"]], answers=2)
    (True, False)
    """
    first, *rest = lines
    # A table that was written with its index has no name for the index.
    names = first[1:] if len(first) > 1 and not first[0] else first
    if not rest or len(set(first)) < len(first):
        return False
    if any(is_number(cell) or cell.strip().lower() in MISSING for cell in names):
        return False
    if any(is_number(cell) for cells in rest for cell in cells):
        return True
    return answers == len(rest)


def to_rows(payload: Payload, lines: Lines, header: bool) -> list[dict[str, Any]]:
    """Return lines as rows, with numbers in numeric columns and None for missing values.

    >>> to_rows(Payload("/", None, 200, None, None), [["a", "b"], ["1", "x"], ["", "y"]], True)
    [{'a': 1, 'b': 'x'}, {'a': None, 'b': 'y'}]
    """
    body = lines[1:] if header else lines
    columns = [_typed(column) for column in zip(*body, strict=True)]
    if not header:
        return [payload.named(values) for values in zip(*columns, strict=True)]
    names = _distinct(lines[0])
    return [dict(zip(names, values, strict=True)) for values in zip(*columns, strict=True)]


def typed(cell: str) -> Any:
    """Convert a single cell: to a number, to None if it is missing, else leave its text.

    >>> typed("1.5"), typed("NaN"), typed("cat"), typed("007"), typed("1_0")
    (1.5, None, 'cat', '007', '1_0')
    """
    if cell.strip().lower() in MISSING:
        return None
    return number(cell.strip()) if is_number(cell) and not is_code(cell) else cell


def is_number(cell: str) -> bool:
    """Return True if a cell is a number; unlike Python, accept no underscores and no 'infinity'.

    >>> is_number(" 1.5"), is_number("1_0"), is_number("inf"), is_number("-1e5")
    (True, False, False, True)
    """
    text = cell.strip()
    return (
        bool(text)
        and (text[-1].isdigit() or text[-1] == ".")
        and ("_" not in text and number(text) is not None)
    )


def is_code(cell: str) -> bool:
    """Return True if digits are a code, such as an id or a postal code, and not a number.

    A code has a leading zero, or an exponent without a sign or a point, which programs do not
    write for numbers.

    >>> [is_code(cell) for cell in ("01234", "12e45", "0", "0.5", "1e-05", "1.0E10")]
    [True, True, False, False, False, False]
    """
    return _CODE.fullmatch(cell.strip()) is not None


def _has_exponent(cell: str) -> bool:
    return "e" in cell.lower()


def _typed(column: Sequence[str]) -> list[Any]:
    """Convert a column: to numbers if all its values are numeric, else leave the texts."""
    given = [cell for cell in column if cell.strip().lower() not in MISSING]
    # Next to numbers with a point, such as measurements, an exponent is part of a number.
    codes = [cell for cell in given if is_code(cell)]
    pointed = any("." in cell for cell in given) and all(map(_has_exponent, codes))
    numeric = all(map(is_number, given)) and (pointed or not codes)
    return [
        None if cell.strip().lower() in MISSING else number(cell.strip()) if numeric else cell
        for cell in column
    ]


def _delimiter(text: str) -> str:
    first = text.lstrip("\r\n").partition("\n")[0]
    return next((mark for mark in (",", "\t", ";") if mark in first), ",")


def _distinct(names: Sequence[str]) -> list[str]:
    """Return a header's names, made unique; an empty name becomes one from its position.

    >>> _distinct(["", "a", "a"])
    ['f0', 'a', 'a.1']
    """
    unique: dict[str, None] = {}
    numbers: Counter[str] = Counter()
    for place, name in enumerate(names):
        distinct = base = name or f"f{place}"
        while distinct in unique:
            numbers[base] += 1
            distinct = f"{base}.{numbers[base]}"
        unique[distinct] = None
    return list(unique)
