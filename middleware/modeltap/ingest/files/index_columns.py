"""Columns without data: row numbers and row names that pandas and R write into files."""

from __future__ import annotations

import re
from collections.abc import Iterable

_ALWAYS = re.compile(r"|Unnamed: 0(\.\d+)*|__index_level_\d+__")
_NUMBERED = re.compile(r"index|level_0|rownames|row_names|row\.names", re.IGNORECASE)
"""Names that `reset_index` and R's data archives use, but that a data column may have, too."""

_MAX_NUMBERS = 1_000_000
"""The most numbers checked for duplicates: they take some tens of megabytes."""


def is_index_name(name: str) -> bool:
    """Return True if a column with this name is an index regardless of its values.

    >>> [is_index_name(name) for name in ("", "Unnamed: 0", "__index_level_0__", "index")]
    [True, True, True, False]
    """
    return _ALWAYS.fullmatch(name) is not None


def may_number_rows(name: str) -> bool:
    """Return True if a first column with this name is an index if it numbers the rows."""
    return _NUMBERED.fullmatch(name) is not None


class RowNumbers:
    """Checks if the cells of a column number the rows: distinct non-negative integers."""

    def __init__(self) -> None:
        self._known: set[int] = set()
        self.hold = True

    def add(self, cell: str) -> None:
        """Check one more cell."""
        if not self.hold or len(self._known) > _MAX_NUMBERS:
            return
        known = len(self._known)
        self.hold = cell.isascii() and cell.isdecimal() and len(cell) < 20
        if self.hold:
            self._known.add(int(cell))
            self.hold = len(self._known) > known

    def add_all(self, cells: Iterable[str]) -> None:
        """Check more cells."""
        for cell in cells:
            self.add(cell)


def first_duplicate(names: Iterable[str]) -> str | None:
    """Return the first name that two columns have; None if there is none.

    >>> first_duplicate(["a", "", "b", "", "a"])
    'a'
    """
    known: set[str] = set()
    for name in names:
        if name and name in known:
            return name
        known.add(name)
    return None
