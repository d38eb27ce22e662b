"""Masking of sensitive columns in delimited text (CSV, TSV)."""

from __future__ import annotations

import csv
import io
import re

from modeltap.privacy.limits import Budget
from modeltap.privacy.marks import Marks
from modeltap.privacy.sensitive.names import SensitiveNames

_DELIMITERS = ",;\t|"
_HEADING = re.compile(r"[\w .%\[\]/()-]{1,100}")
_MAX_HEADER_LENGTH = 65_536


def masked_table(text: str, names: SensitiveNames, marks: Marks, budget: Budget) -> str | None:
    r"""Return a table with its sensitive columns masked; None if `text` is not such a table.

    A truncated last row is masked as far as it goes.

    >>> masked_table("user,pin\nann,1a\n", SensitiveNames(), Marks(), Budget(100))
    'user,pin\nann,[masked]\n'
    >>> masked_table("age,token_count\n7,12\n", SensitiveNames(), Marks(), Budget(100))
    'age,token_count\n7,12\n'
    """
    first = text[:_MAX_HEADER_LENGTH].partition("\n")[0]
    delimiter = max(_DELIMITERS, key=first.count)
    rows = _rows(text, delimiter)
    if rows is None or len(rows) < 2:
        return None
    header = rows[0]
    budget.spend(len(header))
    sensitive = [(at, name) for at, name in enumerate(header) if names.is_sensitive(name.strip())]
    if not sensitive or not _is_rectangular(rows):
        return None
    if not _mask(rows[1:], sensitive, names, marks, budget):
        return text
    return _written(rows, delimiter, "\r\n" if "\r\n" in text else "\n", text.endswith("\n"))


def _rows(text: str, delimiter: str) -> list[list[str]] | None:
    try:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
        header = next(reader, [])
        if not all(map(_HEADING.fullmatch, header)):
            return None
        return [header, *(row for row in reader if row)]
    except csv.Error:
        return None


def _is_rectangular(rows: list[list[str]]) -> bool:
    """Return True if all rows are as wide as the header; the last one may be truncated."""
    width = len(rows[0])
    return all(len(row) == width for row in rows[1:-1]) and len(rows[-1]) <= width


def _mask(
    rows: list[list[str]],
    sensitive: list[tuple[int, str]],
    names: SensitiveNames,
    marks: Marks,
    budget: Budget,
) -> bool:
    changed = False
    for row in rows:
        budget.spend(len(row))
        for at, name in sensitive:
            if at >= len(row):
                break
            if row[at] and names.masks(name.strip(), row[at]):
                row[at] = marks.replacement(row[at]) or ""
                changed = True
    return changed


def _written(rows: list[list[str]], delimiter: str, end: str, ends_line: bool) -> str:
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=delimiter, lineterminator=end).writerows(rows)
    return out.getvalue() if ends_line else out.getvalue().removesuffix(end)
