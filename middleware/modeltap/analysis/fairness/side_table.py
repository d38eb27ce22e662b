"""The column of a file that has the groups of rows, by key."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from modeltap.analysis.model.baseline import is_unknown
from modeltap.analysis.statistics.confusion import class_name
from modeltap.errors import InputError
from modeltap.ingest.files.table import open_table

_MOST_LINES = 2_000_000
"""The table is kept in memory, at some 200 bytes a line."""


@dataclass(frozen=True)
class SideTable:
    """A value by key.

    Args:
        name: of the file, for messages.
        values: one value by key; keys are as `class_name` writes them, so that 1 is "1".
        ambiguous: the keys with several lines that differ.
    """

    name: str
    values: dict[str, Any]
    ambiguous: frozenset[str] = frozenset()


def read_side_table(path: str, key: str, column: str) -> SideTable:
    """Read two columns of a file; it is read again only when it has changed.

    Raises `InputError` if it cannot be read, has no such columns or too many lines.
    """
    try:
        facts = Path(path).stat()
    except OSError as error:
        raise InputError(f"cannot read {path!r}: {error.strerror}") from None
    return _read(path, key, column, facts.st_mtime_ns, facts.st_size)


@lru_cache(maxsize=4)
def _read(path: str, key: str, column: str, _modified: int, _size: int) -> SideTable:
    """Read a file once per version of it: a file that changes has another time or size."""
    table = open_table(path)
    table.require(key, "key")
    table.require(column, "feature")
    for name in (key, column):
        table.keep_text(name)
    values: dict[str, Any] = {}
    ambiguous = set()
    for number, (_, row) in enumerate(table.rows()):
        if number >= _MOST_LINES:
            raise InputError(f"{table.path.name!r} has more than {_MOST_LINES:,} lines")
        own, value = row.get(key), row.get(column)
        if is_unknown(own):
            continue
        name = class_name(own)
        if name in values and values[name] != value:
            ambiguous.add(name)
        values[name] = value
    return SideTable(table.path.name, values, frozenset(ambiguous))
