"""Columns that are no data: the row numbers and row names that pandas and R write into a file."""

from __future__ import annotations

import re
from collections.abc import Iterable

_ALWAYS = re.compile(r"|Unnamed: 0(\.\d+)*|__index_level_\d+__")
_NUMBERED = re.compile(r"index|level_0|rownames|row_names|row\.names", re.IGNORECASE)
"""What `reset_index` and R's archives of data call them; others may, too."""

_MOST_KEPT = 1_000_000
"""Numbers that are kept to see whether two are alike: some tens of megabytes."""


def is_index_name(name: str) -> bool:
    """Say whether a column of this name is an index, whatever its values.

    >>> [is_index_name(name) for name in ("", "Unnamed: 0", "__index_level_0__", "index")]
    [True, True, True, False]
    """
    return _ALWAYS.fullmatch(name) is not None


def may_number_rows(name: str) -> bool:
    """Say whether a first column of this name is an index if it numbers the rows."""
    return _NUMBERED.fullmatch(name) is not None


class RowNumbers:
    """Whether the cells of a column number the rows: whole numbers from 0 on, no two alike."""

    def __init__(self) -> None:
        self._known: set[int] = set()
        self.hold = True

    def add(self, cell: str) -> None:
        """Take one more cell into account."""
        if not self.hold or len(self._known) > _MOST_KEPT:
            return
        known = len(self._known)
        self.hold = cell.isascii() and cell.isdecimal() and len(cell) < 20
        if self.hold:
            self._known.add(int(cell))
            self.hold = len(self._known) > known


def distinct(names: Iterable[str]) -> bool:
    """Say whether no two columns that have a name have the same."""
    named = [name for name in names if name]
    return len(set(named)) == len(named)
