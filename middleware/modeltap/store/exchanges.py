"""Writing exchanges inside the caller's transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from functools import cache
from typing import Any

from modeltap.store import schema

_USUAL = len(schema.USUAL_COLUMNS)
_NOTHING_RARE = (None,) * len(schema.RARE_COLUMNS)


@cache
def _insert(columns: tuple[str, ...]) -> str:
    # An id that is there already (the same file imported twice) is left as it is.
    return (
        f"insert or ignore into exchanges ({','.join(columns)}) "
        f"values ({','.join('?' * len(columns))})"
    )


def insert_exchanges(connection: sqlite3.Connection, rows: Sequence[Sequence[Any]]) -> None:
    """Insert `rows`, values of `schema.EXCHANGE_COLUMNS`."""
    if all(row[_USUAL:] == _NOTHING_RARE for row in rows):
        usual = (row[:_USUAL] for row in rows)
        connection.executemany(_insert(schema.USUAL_COLUMNS), usual)
    else:
        connection.executemany(_insert(schema.EXCHANGE_COLUMNS), rows)
