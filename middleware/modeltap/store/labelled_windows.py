"""Windows with labels: their label counts, and the period in which each was evaluated."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from itertools import takewhile
from typing import NamedTuple


class LabelledWindow(NamedTuple):
    """A window and the number of its rows that have a label.

    `evaluated_from` is the start of the period in which the window was evaluated. It is None while
    the window has too few labels and waits to be evaluated together with other windows.
    """

    model: str
    version: str
    window: str
    window_start: str
    rows: int
    labelled: int
    evaluated_from: str | None = None


_COLUMNS = ", ".join(LabelledWindow._fields)
_SERIES = "model = ? and version = ? and window = ?"


def neighbours(connection: sqlite3.Connection, window: LabelledWindow) -> list[LabelledWindow]:
    """Return this window and the waiting windows directly before and after it, in order."""
    before = takewhile(_is_waiting, _towards(connection, window, "<", "desc"))
    after = takewhile(_is_waiting, _towards(connection, window, ">", "asc"))
    return [*reversed(list(before)), window, *after]


def labelled_window(
    connection: sqlite3.Connection, model: str, version: str, window: str, start: str
) -> LabelledWindow | None:
    """Return the window that starts at `start`; None if it has no labels."""
    row = connection.execute(
        f"select {_COLUMNS} from labelled_windows where {_SERIES} and window_start = ?",
        (model, version, window, start),
    ).fetchone()
    return None if row is None else LabelledWindow(*row)


def evaluated_with(
    connection: sqlite3.Connection, window: LabelledWindow, start: str
) -> list[LabelledWindow]:
    """Return the windows that were evaluated together in the period that starts at `start`."""
    rows = connection.execute(
        f"select {_COLUMNS} from labelled_windows where {_SERIES} and window_start >= ? "
        "and evaluated_from = ? order by window_start",
        (*window[:3], start, start),
    )
    return list(map(LabelledWindow._make, rows))


def evaluated_before(
    connection: sqlite3.Connection, windows: Sequence[LabelledWindow]
) -> list[LabelledWindow]:
    """Return the windows of the last period before these, if a later window exists, too.

    Labels for windows between two evaluated periods are late, and no more labels are expected.
    """
    later = next(_towards(connection, windows[-1], ">", "asc"), None)
    earlier = next(_towards(connection, windows[0], "<", "desc"), None)
    if later is None or earlier is None or earlier.evaluated_from is None:
        return []
    return evaluated_with(connection, earlier, earlier.evaluated_from)


def evaluated_start(connection: sqlite3.Connection, window: LabelledWindow) -> str | None:
    """Return the start of the period in which a window was evaluated; None while it waits."""
    row = connection.execute(
        f"select evaluated_from from labelled_windows where {_SERIES} and window_start = ?",
        window[:4],
    ).fetchone()
    return None if row is None else row[0]


def put_labelled(connection: sqlite3.Connection, windows: Iterable[LabelledWindow]) -> None:
    """Write windows, inside the caller's transaction."""
    connection.executemany(
        f"insert or replace into labelled_windows ({_COLUMNS}) "
        f"values ({', '.join('?' * len(LabelledWindow._fields))})",
        list(windows),
    )


def reset_labelled_windows(connection: sqlite3.Connection, metrics: Iterable[str]) -> None:
    """Delete all windows and their `metrics` so that they are evaluated again."""
    connection.executemany(
        "delete from metrics where metric = ? and exists (select 1 from labelled_windows w where "
        "w.model = metrics.model and w.version = metrics.version and w.window = metrics.window "
        "and w.window_start = metrics.window_start)",
        [(metric,) for metric in metrics],
    )
    connection.execute("delete from labelled_windows")


def _towards(
    connection: sqlite3.Connection, window: LabelledWindow, sign: str, order: str
) -> Iterator[LabelledWindow]:
    cursor = connection.execute(
        f"select {_COLUMNS} from labelled_windows where {_SERIES} and window_start {sign} ? "
        f"order by window_start {order}",
        window[:4],
    )
    return map(LabelledWindow._make, cursor)


def _is_waiting(window: LabelledWindow) -> bool:
    return window.evaluated_from is None
