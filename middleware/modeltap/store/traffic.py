"""Windows of traffic by the wall clock: requests, errors and latency."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from itertools import takewhile
from typing import Literal, NamedTuple

Evaluated = Literal["errors_from", "latency_from"]
"""What a window is evaluated for, each in periods of its own: the start of that period."""


class StoredTraffic(NamedTuple):
    """A window of traffic; `latency` is zlib of little-endian int64.

    `errors_from` and `latency_from` are None while its requests are too few, and it waits for the
    next window.
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
    """Return the window of traffic that starts at `start`, if it has requests."""
    row = connection.execute(
        f"select {_COLUMNS} from traffic where {_SERIES} and window_start = ?",
        (model, version, window, start),
    ).fetchone()
    return None if row is None else StoredTraffic(*row)


def put_traffic(connection: sqlite3.Connection, traffic: StoredTraffic) -> None:
    """Write a window of traffic, which is due then, inside the caller's transaction."""
    connection.execute(
        f"insert or replace into traffic ({_COLUMNS}) "
        f"values ({', '.join('?' * len(StoredTraffic._fields))})",
        traffic,
    )


def closed_traffic(
    connection: sqlite3.Connection, now: str, *, due_only: bool = True
) -> list[StoredTraffic]:
    """Return the windows of traffic that have ended by `now`, in order of their ends.

    Args:
        due_only: only those with requests that no evaluation knows of.
    """
    # Two statements, for only one without an `or` finds what is due by its index.
    due = "due and " if due_only else ""
    rows = connection.execute(
        f"select {_COLUMNS} from traffic where {due}window_end <= ? order by window_end", (now,)
    )
    return [StoredTraffic(*row) for row in rows]


def evaluated_with(
    connection: sqlite3.Connection, window: StoredTraffic, what: Evaluated
) -> list[StoredTraffic]:
    """Return the windows of the period that `window` is evaluated in, in order.

    Those of a period that was evaluated before; else the ones directly before that wait, and the
    window itself.
    """
    series = (window.model, window.version, window.window)
    start = getattr(window, what)
    if start is not None:
        rows = connection.execute(
            f"select {_COLUMNS} from traffic where {_SERIES} and window_start >= ? and {what} = ? "
            "order by window_start",
            (*series, start, start),
        )
        return [StoredTraffic(*row) for row in rows]
    before = connection.execute(
        f"select {_COLUMNS} from traffic where {_SERIES} and window_start < ? "
        "order by window_start desc",
        (*series, window.window_start),
    )
    found = map(StoredTraffic._make, before)
    waiting = list(takewhile(lambda one: getattr(one, what) is None, found))
    before.close()  # one that stayed open would keep the write-ahead log from being emptied
    return [*reversed(waiting), window]


def mark_traffic_evaluated(
    connection: sqlite3.Connection, windows: Iterable[StoredTraffic], what: Evaluated, start: str
) -> None:
    """Note the period that windows were evaluated in, inside the caller's transaction."""
    connection.executemany(
        f"update traffic set {what} = ? where {_SERIES} and window_start = ?",
        [(start, one.model, one.version, one.window, one.window_start) for one in windows],
    )


def mark_traffic_done(
    connection: sqlite3.Connection, model: str, version: str, window: str, start: str
) -> None:
    """Note that no requests of a window are new, inside the caller's transaction."""
    connection.execute(
        f"update traffic set due = 0 where {_SERIES} and window_start = ?",
        (model, version, window, start),
    )


def reset_traffic_evaluations(connection: sqlite3.Connection, metrics: Iterable[str]) -> None:
    """Make every window due again, without its `metrics`, inside the caller's transaction."""
    connection.execute("update traffic set due = 1, errors_from = null, latency_from = null")
    connection.executemany(
        "delete from metrics where metric = ? and exists (select 1 from traffic t where "
        "t.model = metrics.model and t.version = metrics.version and t.window = metrics.window "
        "and t.window_start = metrics.window_start)",
        [(metric,) for metric in metrics],
    )


class RequestCounts(NamedTuple):
    """How many requests came, and how many of them failed."""

    requests: int
    errors: int


def count_requests(
    connection: sqlite3.Connection, model: str, start: str, end: str
) -> RequestCounts:
    """Return the requests of a model in the windows that start from `start` to before `end`."""
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
