"""Watermarks: how far each reader of the store has come."""

from __future__ import annotations

import sqlite3

SEEN = "seen"
"""The watermark of the exchanges that were counted."""

LABELS = "labels"
"""The watermark of the labels whose windows were noted."""


def watermark(connection: sqlite3.Connection, name: str) -> int:
    """Return the watermark called `name`, 0 at first."""
    row = connection.execute("select value from watermarks where name = ?", (name,)).fetchone()
    return int(row[0]) if row else 0


def advance(connection: sqlite3.Connection, name: str, before: int, after: int) -> bool:
    """Move a watermark, inside the caller's transaction; False if somebody moved it meanwhile."""
    connection.execute("insert or ignore into watermarks (name, value) values (?, 0)", (name,))
    moved = connection.execute(
        "update watermarks set value = ? where name = ? and value = ?", (after, name, before)
    )
    return moved.rowcount == 1
