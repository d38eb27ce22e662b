"""Writing metric rows."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any

METRIC_COLUMNS = (
    "model", "version", "window_start", "window_end", "rows", "count", "metric", "feature",
    "segment", "value", "low", "high", "threshold", "p_value", "strength", "verdict",
    "explanation", "in_reference", "reference_id", "computed_at",
)  # fmt: skip


def save_metrics(connection: sqlite3.Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write `rows` inside the caller's transaction; the same metric of a window is replaced."""
    connection.executemany(
        f"insert or replace into metrics ({', '.join(METRIC_COLUMNS)}) "
        f"values ({', '.join('?' * len(METRIC_COLUMNS))})",
        [tuple(row[name] for name in METRIC_COLUMNS) for row in rows],
    )
