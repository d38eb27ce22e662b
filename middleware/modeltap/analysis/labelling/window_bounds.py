"""The bounds of a window with labels: its period, its first row, and the row after its last."""

from __future__ import annotations

import sqlite3
from typing import NamedTuple

from modeltap import clock
from modeltap.config.windows import Window
from modeltap.store import windows as stored
from modeltap.store.due_windows import DueWindow
from modeltap.store.predictions import RowKey
from modeltap.store.references import active_reference
from modeltap.store.windows import Series


class WindowBounds(NamedTuple):
    """The start and the end of a window, and the keys of its first row and of the row after it."""

    start: str
    end: str
    first: RowKey
    after: RowKey


def window_bounds(connection: sqlite3.Connection, due: DueWindow) -> WindowBounds | None:
    """Return the bounds of a window; None for a row window that no longer exists."""
    length = Window.parse(due.window)
    if length.kind != "rows":
        end = clock.iso(length.end(clock.parse(due.start) or 0.0))
        return WindowBounds(due.start, end, (due.start, 0, 0), (end, 0, 0))
    series = active_series(connection, due.model, due.version, due.window)
    counted = series and stored.get_window(connection, series, due.start)
    if not counted or series is None:
        return None
    return WindowBounds(due.start, counted.window_end, *stored.bounds(connection, counted, series))


def active_series(
    connection: sqlite3.Connection, model: str, version: str, window: str
) -> Series | None:
    """Return the windows of a model's active reference; None without one."""
    row = active_reference(connection, model, version)
    return None if row is None else Series(model, version, row.id, window)
