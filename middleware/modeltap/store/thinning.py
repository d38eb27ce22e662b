"""One row of metrics for each part of a period, as a chart of many windows needs it."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from modeltap import clock


@lru_cache(maxsize=8)
def period_edges(start: float, end: float, parts: int) -> tuple[str, ...]:
    """Return the times, as the store has them, that cut a period into equal parts.

    The lines of a page have the same ones.

    >>> period_edges(0.0, 7_200.0, 2)[1:]
    ('1970-01-01T01:00:00.000Z', '1970-01-01T02:00:00.000Z')
    """
    seconds = (end - start) / parts
    return (*(clock.iso(start + part * seconds) for part in range(parts)), clock.iso(end))


def thinned_metrics(
    connection: sqlite3.Connection,
    columns: str,
    condition: str,
    values: Mapping[str, Any],
    most: int,
) -> list[Any]:
    """Return at most `most` rows of `metrics` of a period, by the start of their window.

    Of each part of the period it is a row that alerts, or else the last. The parts are found in an
    index: to compute the part of each row takes twice the time.

    Args:
        columns: the SQL of the result.
        condition: that of the rows, without the period: an index has it and `window_start`.
        values: the values of the condition, with the period's `start` and `end` as text.
    """
    start, end = clock.parse(values["start"]), clock.parse(values["end"])
    if start is None or end is None:
        raise ValueError("the period must have a start and an end")
    edges = period_edges(start, end, most)
    parts = ", ".join(f"(:edge{part}, :edge{part + 1})" for part in range(most))
    return connection.execute(
        f"with parts (since, until) as (values {parts}), chosen (id) as (select (select id "
        f"from metrics where {condition} and window_start >= since and window_start < until "
        "order by verdict is 'alert' desc, window_start desc limit 1) from parts) "
        f"select {columns} from chosen join metrics using (id) order by window_start",
        {**values, **{f"edge{n}": edge for n, edge in enumerate(edges)}},
    ).fetchall()
