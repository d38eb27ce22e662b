"""Windows of counts, with the bins of a reference."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from typing import NamedTuple

from modeltap.store.predictions import LAST, RowKey


class PackedTally(NamedTuple):
    """A window's counts as stored in the table."""

    rows: int
    counts: bytes
    """zlib-compressed little-endian int64."""
    extremes: bytes
    """zlib-compressed float64: each feature's smallest and largest number."""
    fields: str
    """JSON: new fields, and the number of rows without any known field."""
    repeats: bytes


class CountedWindow(NamedTuple):
    """A window of counted rows.

    Only row windows have the sort keys of their first and last row. `evaluated_start` and
    `evaluated_end` are the period in which the window was evaluated, None until then.
    """

    window_start: str
    window_end: str
    first_event: str
    last_event: str
    tally: PackedTally
    first_seq: int | None = None
    first_row: int | None = None
    last_seq: int | None = None
    last_row: int | None = None
    evaluated_start: str | None = None
    evaluated_end: str | None = None


_OWN = tuple(name for name in CountedWindow._fields if name != "tally")
_COLUMNS = ", ".join((*PackedTally._fields, *_OWN))


@dataclass(frozen=True)
class Series:
    """The windows of one length for a model's version and reference."""

    model: str
    version: str
    reference_id: str
    window: str

    @property
    def counted(self) -> str:
        """The name of the watermark of exchanges counted into these windows."""
        return f"counted:{self.reference_id}:{self.window}"


_SERIES = "model = ? and version = ? and reference_id = ? and window = ?"


def get_window(connection: sqlite3.Connection, series: Series, start: str) -> CountedWindow | None:
    """Return the window that starts at `start`, or None if it has no rows."""
    return _first(connection, series, "window_start = ?", start)


def _first(
    connection: sqlite3.Connection, series: Series, where: str, *values: str
) -> CountedWindow | None:
    row = connection.execute(
        f"select {_COLUMNS} from windows where {_SERIES} and {where} limit 1",
        (*astuple(series), *values),
    ).fetchone()
    return None if row is None else _window(row)


def _all(
    connection: sqlite3.Connection, series: Series, where: str, *values: str
) -> list[CountedWindow]:
    rows = connection.execute(
        f"select {_COLUMNS} from windows where {_SERIES} and {where} order by window_start",
        (*astuple(series), *values),
    )
    return list(map(_window, rows))


def _window(row: sqlite3.Row) -> CountedWindow:
    tally = PackedTally(*(row[name] for name in PackedTally._fields))
    return CountedWindow(tally=tally, **{name: row[name] for name in _OWN})


def put_window(connection: sqlite3.Connection, series: Series, window: CountedWindow) -> None:
    """Write a window and mark it as due, inside the caller's transaction."""
    values = (*window.tally, *(getattr(window, name) for name in _OWN))
    connection.execute(
        "insert or replace into windows (model, version, reference_id, window, "
        f"{_COLUMNS}, due) values (?, ?, ?, ?, {', '.join('?' * len(values))}, 1)",
        (*astuple(series), *values),
    )


def count_windows(connection: sqlite3.Connection, series: Series, after: str, until: str) -> int:
    """Return the number of windows that end after `after` and no later than `until`."""
    (count,) = connection.execute(
        f"select count(*) from windows where {_SERIES} and window_end > ? and window_end <= ?",
        (*astuple(series), after, until),
    ).fetchone()
    return int(count)


def due_windows(connection: sqlite3.Connection, series: Series) -> list[CountedWindow]:
    """Return the windows that received rows since their last evaluation, in order."""
    rows = connection.execute(
        # Without the hint SQLite would read all windows in order and check whether each is due.
        f"select {_COLUMNS} from windows indexed by windows_due where {_SERIES} and due "
        "order by window_start",
        astuple(series),
    )
    return list(map(_window, rows))


def all_windows(connection: sqlite3.Connection, series: Series) -> list[CountedWindow]:
    """Return every window, in order."""
    return windows_between(connection, series, "", LAST[0])


def windows_between(
    connection: sqlite3.Connection, series: Series, start: str, end: str
) -> list[CountedWindow]:
    """Return the windows that start in a half-open period, in order."""
    return _all(connection, series, "window_start >= ? and window_start < ?", start, end)


def window_at(connection: sqlite3.Connection, series: Series, moment: str) -> CountedWindow | None:
    """Return the last window that starts at or before `moment`, else the first window."""
    window = _first(connection, series, "window_start <= ? order by window_start desc", moment)
    return window or window_after(connection, series, "")


def window_after(
    connection: sqlite3.Connection, series: Series, start: str
) -> CountedWindow | None:
    """Return the first window that starts after `start`."""
    return _first(connection, series, "window_start > ? order by window_start", start)


def window_before(
    connection: sqlite3.Connection, series: Series, start: str
) -> CountedWindow | None:
    """Return the last window that starts before `start`."""
    return _first(connection, series, "window_start < ? order by window_start desc", start)


def evaluated_with(
    connection: sqlite3.Connection, series: Series, start: str
) -> list[CountedWindow]:
    """Return the windows that were evaluated together in the period that starts at `start`."""
    return _all(connection, series, "evaluated_start = ?", start)


def mark_evaluated(
    connection: sqlite3.Connection,
    series: Series,
    windows: Sequence[CountedWindow],
    start: str,
    end: str,
) -> None:
    """Record the period in which windows were evaluated, inside the caller's transaction."""
    connection.executemany(
        f"update windows set due = 0, evaluated_start = ?, evaluated_end = ? where {_SERIES} "
        "and window_start = ?",
        [(start, end, *astuple(series), window.window_start) for window in windows],
    )


def carry_evaluations(connection: sqlite3.Connection, old: Series, new: Series) -> None:
    """Copy the evaluation state of the windows of `old` to those of `new` with the same start."""
    rows = connection.execute(
        f"select due, evaluated_start, evaluated_end, window_start from windows where {_SERIES}",
        astuple(old),
    ).fetchall()
    connection.executemany(
        "update windows set due = ?, evaluated_start = ?, evaluated_end = ? "
        f"where window_start = ? and {_SERIES}",
        [(*row, *astuple(new)) for row in rows],
    )


def settle_before(connection: sqlite3.Connection, series: Series, start: str, end: str) -> None:
    """Mark windows before `end` that have metrics as no longer due, inside the transaction.

    Windows from `start` on were used for learning; earlier ones keep their first evaluation.
    """
    connection.execute(
        f"update windows set due = 0 where {_SERIES} and due and window_start < ? and exists "
        "(select 1 from metrics m where m.model = windows.model and m.version = windows.version "
        "and m.window = windows.window and m.window_start <= windows.window_start "
        "and m.window_end > windows.window_start "
        "and (m.in_reference or windows.window_start < ?))",
        (*astuple(series), end, start),
    )


def reset_evaluations(connection: sqlite3.Connection, series: Series) -> None:
    """Make all windows due again, as if none had been evaluated, inside the transaction."""
    connection.execute(
        f"update windows set due = 1, evaluated_start = null, evaluated_end = null where {_SERIES}",
        astuple(series),
    )


def lengths(connection: sqlite3.Connection, series: Series) -> list[str]:
    """Return the other window lengths of this reference."""
    rows = connection.execute(
        "select distinct window from windows where model = ? and version = ? "
        "and reference_id = ? and window <> ?",
        astuple(series),
    )
    return [row[0] for row in rows]


def bounds(
    connection: sqlite3.Connection, window: CountedWindow, series: Series
) -> tuple[RowKey, RowKey]:
    """Return the sort keys of a window's first row and of the first row after the window."""
    if window.first_seq is None:
        return (window.window_start, 0, 0), (window.window_end, 0, 0)
    following = window_after(connection, series, window.window_start)
    if following is not None:
        return first_key(window), first_key(following)
    # Rows after its last row belong to the next window, which does not exist yet.
    event, seq, row = last_key(window)
    return first_key(window), (event, seq, row + 1)


def first_key(window: CountedWindow) -> RowKey:
    """Return the sort key of the first row of a row window."""
    return window.first_event, window.first_seq or 0, window.first_row or 0


def last_key(window: CountedWindow) -> RowKey:
    """Return the sort key of the last row of a row window."""
    return window.last_event, window.last_seq or 0, window.last_row or 0
