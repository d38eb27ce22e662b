"""The values of a metric in the last windows, for sparklines."""

from __future__ import annotations

import sqlite3

from modeltap.store.models import ModelVersion


def recent_values(
    connection: sqlite3.Connection, of: ModelVersion, metric: str, until: str, windows: int
) -> dict[tuple[str | None, str | None], list[float | None]]:
    """Return a metric's values in the last windows, oldest first, by feature and segment.

    Each list has a value for each window; None where a window has none.

    Args:
        until: the end of the last window.
        windows: how many windows with this metric to return.
    """
    ends = [
        end
        for (end,) in connection.execute(
            "select distinct window_end from metrics where metric = ? and model = ? "
            "and version = ? and window_end <= ? order by window_end desc limit ?",
            (metric, *of, until, windows),
        )
    ]
    places = {end: place for place, end in enumerate(reversed(ends))}
    values: dict[tuple[str | None, str | None], list[float | None]] = {}
    if not ends:
        return values
    for feature, segment, end, value in connection.execute(
        "select feature, segment, window_end, value from metrics where metric = ? and model = ? "
        "and version = ? and window_end between ? and ?",
        (metric, *of, ends[-1], ends[0]),
    ):
        own = values.setdefault((feature, segment), [None] * len(ends))
        own[places[end]] = value
    return values
