"""Metric rows: written, and values read back."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any

from modeltap.store.windows import Series

METRIC_COLUMNS = (
    "model",
    "version",
    "window",
    "window_start",
    "window_end",
    "rows",
    "count",
    "metric",
    "feature",
    "segment",
    "value",
    "low",
    "high",
    "threshold",
    "p_value",
    "strength",
    "verdict",
    "explanation",
    "examples",
    "in_reference",
    "reference_id",
    "computed_at",
)


def save_metrics(connection: sqlite3.Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write `rows` inside the caller's transaction; the same metric of a window is replaced."""
    connection.executemany(
        f"insert or replace into metrics ({', '.join(METRIC_COLUMNS)}) "
        f"values ({', '.join('?' * len(METRIC_COLUMNS))})",
        [tuple(row[name] for name in METRIC_COLUMNS) for row in rows],
    )


def drop_compared_with_others(
    connection: sqlite3.Connection, series: Series, window_start: str
) -> None:
    """Delete what was said of a window against other references, inside the transaction."""
    connection.execute(
        "delete from metrics where model = ? and version = ? and window = ? and window_start = ? "
        "and reference_id <> ?",
        (series.model, series.version, series.window, window_start, series.reference_id),
    )


def forget_period(
    connection: sqlite3.Connection, series: Series, start: str, end: str, but: Sequence[str]
) -> None:
    """Delete a period's metrics, all `but` these, inside the transaction."""
    connection.execute(
        "delete from metrics where model = ? and version = ? and window = ? and window_start = ? "
        f"and window_end = ? and metric not in ({', '.join('?' * len(but))})",
        (series.model, series.version, series.window, start, end, *but),
    )


def values_before(
    connection: sqlite3.Connection,
    series: Series,
    metric: str,
    feature: str | None,
    before: str,
    since: str,
    at_least: int,
) -> list[float]:
    """Return a metric's values in the windows from `since` to `before`, newest first.

    Where these are fewer than `at_least`, the ones before them are taken, too, up to that number.
    """
    rows = connection.execute(
        "select window_start, value from metrics where model = ? and version = ? and window = ? "
        "and metric = ? and feature is ? and window_start < ? and value is not null "
        "order by window_start desc",
        (series.model, series.version, series.window, metric, feature, before),
    )
    found: list[float] = []
    for start, value in rows:
        if start < since and len(found) >= at_least:
            break
        found.append(value)
    return found
