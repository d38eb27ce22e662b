"""Writing exchanges: many rows a statement, one transaction a batch."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from modeltap.clock import now
from modeltap.store import schema
from modeltap.store.connection import writing

_ROWS_A_STATEMENT = (512, 64, 8, 1)
"""Each statement gives up the interpreter's lock several times and must win it back, which takes
up to 5 ms each time while an app computes without pause. With 64 rows a statement instead of one
such a writer was ten times faster; 512 spare it most of the waits that remain."""

_USUAL = len(schema.USUAL_COLUMNS)
_NOTHING_RARE = (None,) * len(schema.RARE_COLUMNS)


@cache
def _insert(columns: tuple[str, ...], rows: int) -> str:
    one = f"({','.join('?' * len(columns))})"
    # An id that is there already (the same file imported twice) is left as it is.
    return f"insert or ignore into exchanges ({','.join(columns)}) values {','.join([one] * rows)}"


def write_exchanges(connection: sqlite3.Connection, rows: Sequence[Sequence[Any]]) -> int:
    """Insert `rows` (values of `schema.EXCHANGE_COLUMNS`) in one transaction; return how many."""
    before = connection.total_changes
    with writing(connection):
        insert_exchanges(connection, rows)
    return connection.total_changes - before


def insert_exchanges(connection: sqlite3.Connection, rows: Sequence[Sequence[Any]]) -> None:
    """Insert `rows` inside the caller's transaction."""
    position = 0
    for size in _ROWS_A_STATEMENT:
        while len(rows) - position >= size:
            batch = rows[position : position + size]
            columns: tuple[str, ...] = schema.EXCHANGE_COLUMNS
            if all(row[_USUAL:] == _NOTHING_RARE for row in batch):
                columns, batch = schema.USUAL_COLUMNS, [row[:_USUAL] for row in batch]
            connection.execute(_insert(columns, size), [value for row in batch for value in row])
            position += size


def write_losses(
    connection: sqlite3.Connection, host: str, pid: int, losses: Mapping[str, int]
) -> None:
    """Note how many records a process had to drop, by reason."""
    rows = [(host, pid, reason, count, now()) for reason, count in losses.items() if count]
    if not rows:
        return
    with writing(connection):
        connection.executemany(
            "insert into losses (host, pid, reason, count, at) values (?, ?, ?, ?, ?)", rows
        )
