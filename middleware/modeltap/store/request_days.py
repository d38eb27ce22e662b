"""Days on which requests came, with the longest pause of each, to know which pauses are normal."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from itertools import groupby, pairwise

from modeltap import clock


def note_requests(connection: sqlite3.Connection, model: str, moments: Sequence[str]) -> None:
    """Add the times at which requests came to their days, inside the caller's transaction."""
    times = sorted(moments)
    if not times:
        return
    last = connection.execute(
        "select max(last_at) from request_days where model = ? and day <= ?", (model, times[0][:10])
    ).fetchone()[0]
    pauses = dict.fromkeys((text[:10] for text in times), 0.0)
    # One that comes late, from another worker, lies within a time that was counted: no pause.
    for before, after in pairwise([last or times[0], *times]):
        pauses[after[:10]] = max(pauses[after[:10]], _seconds(after) - _seconds(before))
    for day, group in groupby(times, key=lambda text: text[:10]):
        members = list(group)
        connection.execute(
            "insert into request_days (model, day, first_at, last_at, longest_pause) "
            "values (?, ?, ?, ?, ?) on conflict (model, day) do update set "
            "first_at = min(first_at, excluded.first_at), "
            "last_at = max(last_at, excluded.last_at), "
            "longest_pause = max(longest_pause, excluded.longest_pause)",
            (model, day, members[0], members[-1], pauses[day]),
        )


def _seconds(text: str) -> float:
    return clock.parse(text) or 0.0
