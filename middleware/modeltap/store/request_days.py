"""Days with requests and each day's longest pause, from which normal pauses are estimated."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from typing import NamedTuple


class RequestDay(NamedTuple):
    """A day's first and last request, and the longest pause before one of its requests, in s."""

    day: str
    first_at: str
    last_at: str
    longest_pause: float


def last_request(
    connection: sqlite3.Connection, model: str, environment: str, until: str
) -> str | None:
    """Return the time of the last recorded request on or before the day `until`."""
    last: str | None = connection.execute(
        "select max(last_at) from request_days where model = ? and environment = ? and day <= ?",
        (model, environment, until),
    ).fetchone()[0]
    return last


def add_days(
    connection: sqlite3.Connection, model: str, environment: str, days: Iterable[RequestDay]
) -> None:
    """Add requests to their days, inside the caller's transaction."""
    connection.executemany(
        "insert into request_days (model, environment, day, first_at, last_at, longest_pause) "
        "values (?, ?, ?, ?, ?, ?) on conflict (model, environment, day) do update set "
        "first_at = min(first_at, excluded.first_at), "
        "last_at = max(last_at, excluded.last_at), "
        "longest_pause = max(longest_pause, excluded.longest_pause)",
        [(model, environment, *day) for day in days],
    )


class RequestSpan(NamedTuple):
    """A model's first and last request in an environment, and its longest recent pause.

    `environment` is "" for requests without one.
    """

    model: str
    environment: str
    first_at: str
    last_at: str
    longest_pause: float


def request_spans(connection: sqlite3.Connection, since: str) -> list[RequestSpan]:
    """Return the span of each model's requests in each environment.

    Args:
        since: the first day (such as "2026-05-01") to include in the longest pause, in seconds.
    """
    rows = connection.execute(
        "select model, environment, min(first_at), max(last_at), "
        "max(iif(day >= ?, longest_pause, 0)) from request_days group by model, environment",
        (since,),
    )
    return [RequestSpan(*row) for row in rows]


def has_requests_since(
    connection: sqlite3.Connection, model: str, environment: str, moment: str
) -> bool:
    """Return True if a request of a model arrived in an environment at `moment` or later."""
    row = connection.execute(
        "select 1 from request_days where model = ? and environment = ? and last_at >= ?",
        (model, environment, moment),
    ).fetchone()
    return row is not None
