"""Writing metric rows."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any

from modeltap.store.windows import Series

_USUAL_WINDOWS = 28

METRIC_COLUMNS = (
    "model", "version", "window", "window_start", "window_end", "rows", "count", "metric",
    "feature", "segment", "value", "low", "high", "threshold", "p_value", "strength", "verdict",
    "explanation", "examples", "in_reference", "reference_id", "computed_at",
)  # fmt: skip


def save_metrics(connection: sqlite3.Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write `rows` inside the caller's transaction; the same metric of a window is replaced."""
    connection.executemany(
        f"insert or replace into metrics ({', '.join(METRIC_COLUMNS)}) "
        f"values ({', '.join('?' * len(METRIC_COLUMNS))})",
        [tuple(row[name] for name in METRIC_COLUMNS) for row in rows],
    )


def usual_value(
    connection: sqlite3.Connection, series: Series, metric: str, feature: str | None, before: str
) -> float | None:
    """Return the largest value of a metric in the last windows before one, where all was well."""
    row = connection.execute(
        "select max(value) from (select value from metrics where model = ? and version = ? and "
        "window = ? and metric = ? and feature is ? and window_start < ? "
        "and ifnull(verdict, 'ok') = 'ok' order by window_start desc limit ?)",
        (series.model, series.version, series.window, metric, feature, before, _USUAL_WINDOWS),
    ).fetchone()  # fmt: skip
    found: float | None = row[0]
    return found
