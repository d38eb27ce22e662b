"""Days with requests and each day's longest pause, from which normal pauses are estimated."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from itertools import groupby, pairwise
from typing import NamedTuple

from modeltap import clock


def record_requests(
    connection: sqlite3.Connection,
    model: str,
    moments: Sequence[str],
    environment: str | None = None,
) -> None:
    """Add the arrival times of requests to their days, inside the caller's transaction."""
    series = model, environment or ""
    times = sorted(moments)
    if not times:
        return
    last = connection.execute(
        "select max(last_at) from request_days where model = ? and environment = ? and day <= ?",
        (*series, times[0][:10]),
    ).fetchone()[0]
    pauses = dict.fromkeys((text[:10] for text in times), 0.0)
    # A late record of another worker lies within a period that was counted, so it adds no pause.
    for before, after in pairwise([last or times[0], *times]):
        pauses[after[:10]] = max(pauses[after[:10]], _seconds(after) - _seconds(before))
    for day, group in groupby(times, key=lambda text: text[:10]):
        members = list(group)
        connection.execute(
            "insert into request_days "
            "(model, environment, day, first_at, last_at, longest_pause) "
            "values (?, ?, ?, ?, ?, ?) on conflict (model, environment, day) do update set "
            "first_at = min(first_at, excluded.first_at), "
            "last_at = max(last_at, excluded.last_at), "
            "longest_pause = max(longest_pause, excluded.longest_pause)",
            (*series, day, members[0], members[-1], pauses[day]),
        )


def _seconds(text: str) -> float:
    return clock.parse(text) or 0.0


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
