"""Watermarks: the progress of each reader of the store."""

from __future__ import annotations

import sqlite3

SEEN = "seen"
"""The watermark of counted exchanges."""

LABELS = "labels"
"""The watermark of labels whose windows were marked as due."""


def watermark(connection: sqlite3.Connection, name: str) -> int:
    """Return the watermark `name`, initially 0."""
    row = connection.execute("select value from watermarks where name = ?", (name,)).fetchone()
    return int(row[0]) if row else 0


def advance(connection: sqlite3.Connection, name: str, before: int, after: int) -> bool:
    """Advance a watermark, in the transaction; return False if another process advanced it."""
    connection.execute("insert or ignore into watermarks (name, value) values (?, 0)", (name,))
    moved = connection.execute(
        "update watermarks set value = ? where name = ? and value = ?", (after, name, before)
    )
    return moved.rowcount == 1
