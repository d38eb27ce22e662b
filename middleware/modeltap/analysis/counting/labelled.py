"""Which windows have labels to judge: noted when a label comes, or a row that has one already."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from modeltap import clock
from modeltap.config.windows import Window
from modeltap.store.labels import early_labels, note_early_days
from modeltap.store.watermarks import progress

LABELS = "labels"
"""The watermark of the labels that were looked at."""

_DUE = "performance due "
"""How windows with new labels are called in the table `progress`."""


class Due(NamedTuple):
    """A window that labels came for; it is known by its start."""

    model: str
    version: str
    window: str
    start: str


def due_windows(connection: sqlite3.Connection) -> list[tuple[Due, int]]:
    """Return the windows to judge, with the newest label that was known when each was noted."""
    rows = connection.execute(
        "select name, value from progress where name like ? order by name", (f"{_DUE}%",)
    )
    return [(Due(*json.loads(row[0].removeprefix(_DUE))), row[1]) for row in rows]


def note_due(connection: sqlite3.Connection, windows: Iterable[Due], newest: int) -> None:
    """Note that `windows` are to be judged, inside the caller's transaction."""
    connection.executemany(
        "insert or replace into progress (name, value) values (?, ?)",
        [(_name(due), newest) for due in windows],
    )


def forget_due(connection: sqlite3.Connection, due: Due) -> None:
    """Note that a window was judged, inside the caller's transaction."""
    connection.execute("delete from progress where name = ?", (_name(due),))


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
    newest = progress(connection, LABELS)
    early = early_labels(connection, times, newest)
    if not early:
        return
    note_early_days(connection, early, newest)
    if window.kind != "rows":
        starts = {window.start(clock.parse(time) or 0.0) for time in map(times.get, early) if time}
        found = [Due(model, version, window.text, clock.iso(start)) for start in starts]
        note_due(connection, found, newest)


def _name(due: Due) -> str:
    return _DUE + json.dumps(due)
