"""Traffic by wall-clock windows: requests, errors and latency."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from itertools import takewhile
from typing import Literal, NamedTuple

Evaluated = Literal["errors_from", "latency_from"]
"""The column with the start of the period in which errors or latency were evaluated."""


class StoredTraffic(NamedTuple):
    """A traffic window; `latency` is zlib-compressed little-endian int64.

    `errors_from` and `latency_from` are None while the window has too few requests and waits for
    the next window.
    """

    model: str
    version: str
    window: str
    window_start: str
    window_end: str
    requests: int
    errors: int
    client_errors: int
    aborted: int
    not_decoded: int
    latency: bytes
    unkept: float = 0.0
    unkept_errors: float = 0.0
    unkept_squares: float = 0.0
    errors_from: str | None = None
    latency_from: str | None = None


_COLUMNS = ", ".join(StoredTraffic._fields)
_SERIES = "model = ? and version = ? and window = ?"


def get_traffic(
    connection: sqlite3.Connection, model: str, version: str, window: str, start: str
) -> StoredTraffic | None:
    """Return the traffic window that starts at `start`, or None if it has no requests."""
    row = connection.execute(
        f"select {_COLUMNS} from traffic where {_SERIES} and window_start = ?",
        (model, version, window, start),
    ).fetchone()
    return None if row is None else StoredTraffic(*row)


def put_traffic(connection: sqlite3.Connection, traffic: StoredTraffic) -> None:
    """Write a traffic window and mark it as due, inside the caller's transaction."""
    connection.execute(
        f"insert or replace into traffic ({_COLUMNS}) "
        f"values ({', '.join('?' * len(StoredTraffic._fields))})",
        traffic,
    )


def closed_traffic(
    connection: sqlite3.Connection, now: str, *, due_only: bool = True
) -> list[StoredTraffic]:
    """Return the traffic windows that ended by `now`, in order of their ends.

    Args:
        due_only: return only windows with requests that were not evaluated.
    """
    # Two statements, because SQLite uses the index on due windows only without an `or`.
    due = "due and " if due_only else ""
    rows = connection.execute(
        f"select {_COLUMNS} from traffic where {due}window_end <= ? order by window_end", (now,)
    )
    return [StoredTraffic(*row) for row in rows]


def evaluated_with(
    connection: sqlite3.Connection, window: StoredTraffic, column: Evaluated
) -> list[StoredTraffic]:
    """Return the windows of the period in which `window` is evaluated, in order.

    If the window was evaluated before, these are the windows of that period; else they are the
    waiting windows directly before it, and the window itself.
    """
    series = (window.model, window.version, window.window)
    start = getattr(window, column)
    if start is not None:
        rows = connection.execute(
            f"select {_COLUMNS} from traffic where {_SERIES} and window_start >= ? "
            f"and {column} = ? order by window_start",
            (*series, start, start),
        )
        return [StoredTraffic(*row) for row in rows]
    before = connection.execute(
        f"select {_COLUMNS} from traffic where {_SERIES} and window_start < ? "
        "order by window_start desc",
        (*series, window.window_start),
    )
    earlier = map(StoredTraffic._make, before)
    waiting = list(takewhile(lambda traffic: getattr(traffic, column) is None, earlier))
    before.close()  # an open cursor would prevent truncating the write-ahead log
    return [*reversed(waiting), window]


def mark_traffic_evaluated(
    connection: sqlite3.Connection, windows: Iterable[StoredTraffic], column: Evaluated, start: str
) -> None:
    """Record the period in which windows were evaluated, inside the caller's transaction."""
    connection.executemany(
        f"update traffic set {column} = ? where {_SERIES} and window_start = ?",
        [
            (start, traffic.model, traffic.version, traffic.window, traffic.window_start)
            for traffic in windows
        ],
    )


def mark_traffic_done(
    connection: sqlite3.Connection, model: str, version: str, window: str, start: str
) -> None:
    """Mark a window as no longer due, inside the caller's transaction."""
    connection.execute(
        f"update traffic set due = 0 where {_SERIES} and window_start = ?",
        (model, version, window, start),
    )


def reset_traffic_evaluations(connection: sqlite3.Connection, metrics: Iterable[str]) -> None:
    """Make all windows due again and delete their `metrics`, inside the caller's transaction."""
    connection.execute("update traffic set due = 1, errors_from = null, latency_from = null")
    connection.executemany(
        "delete from metrics where metric = ? and exists (select 1 from traffic t where "
        "t.model = metrics.model and t.version = metrics.version and t.window = metrics.window "
        "and t.window_start = metrics.window_start)",
        [(metric,) for metric in metrics],
    )


class RequestCounts(NamedTuple):
    """The number of requests, and of failed ones."""

    requests: int
    errors: int


def count_requests(
    connection: sqlite3.Connection, model: str, start: str, end: str
) -> RequestCounts:
    """Return a model's request counts in the windows that start in the half-open period."""
    row = connection.execute(
        "select ifnull(sum(requests), 0), ifnull(sum(errors), 0) from traffic "
        "where model = ? and window_start >= ? and window_start < ?",
        (model, start, end),
    ).fetchone()
    return RequestCounts(*row)


def models_with_traffic(connection: sqlite3.Connection) -> list[str]:
    """Return the models that have requests."""
    rows = connection.execute("select distinct model from traffic")
    return [model for (model,) in rows]


class TrafficPeriod(NamedTuple):
    """The requests of a model's version in a window of the wall clock."""

    window_start: str
    window_end: str
    requests: int
    errors: int
    client_errors: int


def traffic_periods(
    connection: sqlite3.Connection, model: str, version: str, limit: int
) -> list[TrafficPeriod]:
    """Return the last `limit` windows with requests, in order of time."""
    rows = connection.execute(
        "select window_start, window_end, requests, errors, client_errors from traffic "
        "where model = ? and version = ? order by window_start desc limit ?",
        (model, version, limit),
    ).fetchall()
    return [TrafficPeriod(*row) for row in reversed(rows)]


def newest_traffic(
    connection: sqlite3.Connection, model: str, version: str
) -> StoredTraffic | None:
    """Return the last window with requests, which may not be over; None without one."""
    row = connection.execute(
        f"select {_COLUMNS} from traffic where model = ? and version = ? "
        "order by window_start desc limit 1",
        (model, version),
    ).fetchone()
    return None if row is None else StoredTraffic(*row)


def request_totals(connection: sqlite3.Connection, model: str, version: str) -> RequestCounts:
    """Return all requests of a model's version, and the failed ones."""
    row = connection.execute(
        "select ifnull(sum(requests), 0), ifnull(sum(errors), 0) from traffic "
        "where model = ? and version = ?",
        (model, version),
    ).fetchone()
    return RequestCounts(*row)
