"""Metrics of segments, as charts need them: gaps of groups over time, groups and slices."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from typing import Any, NamedTuple

from modeltap.store.models import ModelVersion


class SegmentPoint(NamedTuple):
    """A metric of a segment in a window: of a grouping (`sex`), a group (`sex=F`), or a slice."""

    metric: str
    segment: str
    window_start: str
    window_end: str
    rows: int
    value: float | None
    low: float | None
    high: float | None
    threshold: float | None
    p_value: float | None
    verdict: str | None
    explanation: str | None
    examples: str | None


_COLUMNS = ", ".join(SegmentPoint._fields)


def segment_points(
    connection: sqlite3.Connection, of: ModelVersion, metric: str, start: str, end: str
) -> list[SegmentPoint]:
    """Return a metric by segment in the windows that start in a half-open period, in order."""
    rows = connection.execute(
        f"select {_COLUMNS} from metrics where metric = ? and model = ? and version = ? "
        "and window_start >= ? and window_start < ? and segment is not null and feature is null "
        "order by window_start, id",
        (metric, *of, start, end),
    )
    return [SegmentPoint(*row) for row in rows]


def segments_at_last(
    connection: sqlite3.Connection,
    of: ModelVersion,
    metrics: Sequence[str],
    start: str = "",
    end: str = "9999",
) -> list[SegmentPoint]:
    """Return metrics by segment, each in its last window that starts in a half-open period.

    Metrics that need labels are usually behind the others.
    """
    return [point for metric in metrics for point in _at_last(connection, of, metric, start, end)]


def _at_last(
    connection: sqlite3.Connection, of: ModelVersion, metric: str, start: str, end: str
) -> list[SegmentPoint]:
    last = connection.execute(
        "select window_end from metrics where metric = ? and model = ? and version = ? "
        "and window_start >= ? and window_start < ? and segment is not null and feature is null "
        "order by window_end desc limit 1",
        (metric, *of, start, end),
    ).fetchone()
    if last is None:
        return []
    # By its end, which the index has: by its start, all windows would be read.
    rows = connection.execute(
        f"select {_COLUMNS} from metrics where metric = ? and model = ? and version = ? "
        "and window_end = ? and segment is not null and feature is null order by id",
        (metric, *of, last[0]),
    )
    return [SegmentPoint(*row) for row in rows]


def example_ids(examples: str | None) -> list[str]:
    """Return the ids of a metric's or an alert's examples."""
    ids: list[Any] = json.loads(examples) if examples else []
    return [str(id_) for id_ in ids]
