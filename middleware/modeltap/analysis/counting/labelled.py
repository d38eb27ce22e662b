"""Windows that labels came for: noted when a label comes, or a row that has one already."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping

from modeltap import clock
from modeltap.config.windows import Window
from modeltap.store.due_windows import DueWindow, note_due
from modeltap.store.labels import early_labels, note_early_days
from modeltap.store.watermarks import LABELS, watermark


def note_early(
    connection: sqlite3.Connection,
    model: str,
    version: str,
    window: Window,
    times: Mapping[str, str | None],
) -> None:
    """Note the windows of rows whose labels came before them, inside the transaction they come in.

    Args:
        times: each exchange's event time. Windows of rows are noted when they are cut.
    """
    newest = watermark(connection, LABELS)
    early = early_labels(connection, times, newest)
    if not early:
        return
    note_early_days(connection, early, newest)
    if window.kind != "rows":
        starts = {window.start(clock.parse(time) or 0.0) for time in map(times.get, early) if time}
        found = [DueWindow(model, version, window.text, clock.iso(start)) for start in starts]
        note_due(connection, found, newest)
