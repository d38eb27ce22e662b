"""Counted windows of references."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from typing import NamedTuple

from modeltap.store.predictions import LAST, RowKey


class PackedTally(NamedTuple):
    """A window's counts as the table keeps them."""

    rows: int
    counts: bytes
    """zlib of int64, little-endian."""
    extremes: bytes
    """zlib of float64: each feature's smallest and largest number."""
    fields: str
    """JSON: new fields, and rows without a known one."""
    repeats: bytes


class CountedWindow(NamedTuple):
    """A window that rows were counted into.

    The places of its first and last row are known for windows of rows only; `evaluated_start` and
    `evaluated_end` are the period that it was evaluated in, None until then.
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
    """The windows of one length, of a model's version under one reference."""

    model: str
    version: str
    reference_id: str
    window: str

    @property
    def counted(self) -> str:
        """The name of the watermark: how far exchanges were counted into these windows."""
        return f"counted:{self.reference_id}:{self.window}"


_SERIES = "model = ? and version = ? and reference_id = ? and window = ?"


def get_window(connection: sqlite3.Connection, series: Series, start: str) -> CountedWindow | None:
    """Return the window that starts at `start`, if anything was counted into it."""
    return _one(connection, series, "window_start = ?", start)


def _one(
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
    """Write a window, which is due to be evaluated then, inside the caller's transaction."""
    values = (*window.tally, *(getattr(window, name) for name in _OWN))
    connection.execute(
        "insert or replace into windows (model, version, reference_id, window, "
        f"{_COLUMNS}, due) values (?, ?, ?, ?, {', '.join('?' * len(values))}, 1)",
        (*astuple(series), *values),
    )


def count_windows(connection: sqlite3.Connection, series: Series, after: str, until: str) -> int:
    """Return how many windows end later than `after` and not later than `until`."""
    (count,) = connection.execute(
        f"select count(*) from windows where {_SERIES} and window_end > ? and window_end <= ?",
        (*astuple(series), after, until),
    ).fetchone()
    return int(count)


def due_windows(connection: sqlite3.Connection, series: Series) -> list[CountedWindow]:
    """Return the windows that rows were counted into since they were evaluated, in order."""
    rows = connection.execute(
        # By default SQLite reads all windows in order, and checks each whether it is due.
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
    """Return the last window that starts at or before `moment`, or the first there is."""
    found = _one(connection, series, "window_start <= ? order by window_start desc", moment)
    return found or window_after(connection, series, "")


def window_after(
    connection: sqlite3.Connection, series: Series, start: str
) -> CountedWindow | None:
    """Return the first window that starts after `start`."""
    return _one(connection, series, "window_start > ? order by window_start", start)


def window_before(
    connection: sqlite3.Connection, series: Series, start: str
) -> CountedWindow | None:
    """Return the last window that starts before `start`."""
    return _one(connection, series, "window_start < ? order by window_start desc", start)


def evaluated_with(
    connection: sqlite3.Connection, series: Series, start: str
) -> list[CountedWindow]:
    """Return the windows that were evaluated together, in the period that began at `start`."""
    return _all(connection, series, "evaluated_start = ?", start)


def mark_evaluated(
    connection: sqlite3.Connection,
    series: Series,
    windows: Sequence[CountedWindow],
    start: str,
    end: str,
) -> None:
    """Note the period that windows were evaluated in, inside the caller's transaction."""
    connection.executemany(
        f"update windows set due = 0, evaluated_start = ?, evaluated_end = ? where {_SERIES} "
        "and window_start = ?",
        [(start, end, *astuple(series), window.window_start) for window in windows],
    )


def carry_evaluations(connection: sqlite3.Connection, old: Series, new: Series) -> None:
    """Let windows of `new` be due, or evaluated, as those of `old` with the same start are, inside
    the transaction."""
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
    """Let windows before `end` that have metrics be due no more, inside the transaction.

    They are of the time from `start` on that was learnt, or were evaluated by what was known then.
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
    """Make every window due again, as if none had been evaluated, inside the transaction."""
    connection.execute(
        f"update windows set due = 1, evaluated_start = null, evaluated_end = null where {_SERIES}",
        astuple(series),
    )


def lengths(connection: sqlite3.Connection, series: Series) -> list[str]:
    """Return the other lengths that this reference has windows of."""
    rows = connection.execute(
        "select distinct window from windows where model = ? and version = ? "
        "and reference_id = ? and window <> ?",
        astuple(series),
    )
    return [row[0] for row in rows]


def bounds(
    connection: sqlite3.Connection, window: CountedWindow, series: Series
) -> tuple[RowKey, RowKey]:
    """Return the place of a window's first row, and that of the first row after it."""
    if window.first_seq is None:
        return (window.window_start, 0, 0), (window.window_end, 0, 0)
    following = window_after(connection, series, window.window_start)
    if following is not None:
        return first_key(window), first_key(following)
    # What comes after its last row waits for a window of its own.
    event, seq, row = last_key(window)
    return first_key(window), (event, seq, row + 1)


def first_key(window: CountedWindow) -> RowKey:
    """Return the place of the first row of a window of rows."""
    return window.first_event, window.first_seq or 0, window.first_row or 0


def last_key(window: CountedWindow) -> RowKey:
    """Return the place of the last row of a window of rows."""
    return window.last_event, window.last_seq or 0, window.last_row or 0
