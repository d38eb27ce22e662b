"""Windows whose performance is to be computed, because labels came for their rows."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from typing import NamedTuple


class DueWindow(NamedTuple):
    """A window that labels came for; it is known by its start."""

    model: str
    version: str
    window: str
    start: str


def labelled_windows(connection: sqlite3.Connection) -> list[tuple[DueWindow, int]]:
    """Return the due windows, each with the newest label that was known when it was noted."""
    rows = connection.execute(
        "select model, version, window, window_start, newest_label from due_windows "
        "order by model, version, window, window_start"
    )
    return [(DueWindow(*where), newest) for *where, newest in rows]


def record_due(connection: sqlite3.Connection, windows: Iterable[DueWindow], newest: int) -> None:
    """Note that the performance of `windows` is to be computed, inside the caller's transaction.

    Args:
        newest: the `seq` of the newest label.
    """
    connection.executemany(
        "insert or replace into due_windows (model, version, window, window_start, newest_label) "
        "values (?, ?, ?, ?, ?)",
        [(*window, newest) for window in windows],
    )


def delete_due_window(connection: sqlite3.Connection, window: DueWindow) -> None:
    """Note that a window's performance was computed, inside the caller's transaction."""
    connection.execute(
        "delete from due_windows where model = ? and version = ? and window = ? "
        "and window_start = ?",
        window,
    )
