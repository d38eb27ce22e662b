"""Windows of traffic by the wall clock: requests, errors and latency."""

from __future__ import annotations

import sqlite3
from typing import NamedTuple


class StoredTraffic(NamedTuple):
    """A window of traffic; `latency` is zlib of little-endian int64."""

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


_COLUMNS = ", ".join(StoredTraffic._fields)


def get_traffic(
    connection: sqlite3.Connection, model: str, version: str, window: str, start: str
) -> StoredTraffic | None:
    """Return the window of traffic that starts at `start`, if it has requests."""
    row = connection.execute(
        f"select {_COLUMNS} from traffic where model = ? and version = ? and window = ? "
        "and window_start = ?",
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
        due_only: only those that have requests that were not evaluated.
    """
    # Two statements, for only one without an `or` finds what is due by its index.
    due = "due and " if due_only else ""
    rows = connection.execute(
        f"select {_COLUMNS} from traffic where {due}window_end <= ? order by window_end", (now,)
    )
    return [StoredTraffic(*row) for row in rows]


def mark_traffic_done(
    connection: sqlite3.Connection, model: str, version: str, window: str, start: str
) -> None:
    """Note that a window of traffic was evaluated, inside the caller's transaction."""
    connection.execute(
        "update traffic set due = 0 where model = ? and version = ? and window = ? "
        "and window_start = ?",
        (model, version, window, start),
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
