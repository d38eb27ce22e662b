"""Windows whose performance is due because labels for their rows have arrived."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from typing import NamedTuple


class DueWindow(NamedTuple):
    """A window that received labels, identified by its start."""

    model: str
    version: str
    window: str
    start: str


def labelled_windows(connection: sqlite3.Connection) -> list[tuple[DueWindow, int]]:
    """Return the due windows, each with the newest label at the time of recording.

    Windows that are due later are left out.
    """
    rows = connection.execute(
        "select model, version, window, window_start, newest_label from due_windows "
        "where due_at is null order by model, version, window, window_start"
    )
    return [(DueWindow(*key), newest) for *key, newest in rows]


def record_due(
    connection: sqlite3.Connection,
    windows: Iterable[DueWindow],
    newest: int,
    due_at: str | None = None,
) -> None:
    """Record that the performance of `windows` is due, inside the caller's transaction.

    Args:
        newest: the `seq` of the newest label.
        due_at: the time from which they are due; None for at once.
    """
    connection.executemany(
        "insert or replace into due_windows (model, version, window, window_start, newest_label, "
        "due_at) values (?, ?, ?, ?, ?, ?)",
        [(*window, newest, due_at) for window in windows],
    )


def release_due(connection: sqlite3.Connection, now: str) -> None:
    """Make the windows due that were recorded for a time up to `now`, inside the transaction."""
    connection.execute("update due_windows set due_at = null where due_at <= ?", (now,))


def delete_due_window(connection: sqlite3.Connection, window: DueWindow) -> None:
    """Delete a window whose performance was computed, inside the caller's transaction."""
    connection.execute(
        "delete from due_windows where model = ? and version = ? and window = ? "
        "and window_start = ?",
        window,
    )
