"""The drift of features over time, as charts need it: the worst of each period, and lines."""

from __future__ import annotations

import sqlite3
from itertools import pairwise
from typing import NamedTuple

from modeltap import clock
from modeltap.store.models import ModelVersion


class WorstCell(NamedTuple):
    """The worst window of a feature in a period.

    Attributes:
        column: the number of the period, from 0.
        window_start: when the worst window starts.
        windows: the number of windows in the period.
        alerts: the number of windows with the verdict `alert`.
        strength: the largest effect divided by its floor; None without a test.
        verdict: of the worst window.
    """

    feature: str
    column: int
    window_start: str
    windows: int
    alerts: int
    strength: float | None
    value: float | None
    verdict: str | None


def count_drift_windows(
    connection: sqlite3.Connection, of: ModelVersion, start: str, end: str, most: int
) -> int:
    """Return the number of windows with results of features that start in a half-open period.

    Counting stops at `most`.
    """
    return int(
        connection.execute(
            "select count(*) from (select distinct window_start from metrics where model = ? "
            "and version = ? and metric = 'drift' and window_start >= ? and window_start < ? "
            "limit ?)",
            (*of, start, end, most),
        ).fetchone()[0]
    )


def worst_cells(
    connection: sqlite3.Connection, of: ModelVersion, start: float, end: float, columns: int
) -> list[WorstCell]:
    """Return the drift of each feature in periods of equal length, by period.

    A query for each period takes a third of the time of one for all, which would have to compute
    the period of each row. SQLite takes the other columns of a row from the one with the maximum.

    Args:
        start, end: seconds since the epoch, half-open.
        columns: the number of periods.
    """
    seconds = (end - start) / columns
    edges = [clock.iso(start + column * seconds) for column in range(columns)]
    cells: list[WorstCell] = []
    for column, (since, until) in enumerate(pairwise([*edges, clock.iso(end)])):
        rows = connection.execute(
            "select feature, ?, window_start, count(*), sum(verdict is 'alert'), strength, value, "
            "verdict, max((verdict is 'alert') * 1e9 + ifnull(strength, -1)) "
            "from metrics where model = ? and version = ? and metric = 'drift' "
            "and window_start >= ? and window_start < ? group by feature",
            (column, *of, since, until),
        )
        cells += [WorstCell(*row[:-1]) for row in rows]
    return cells


class DriftPoint(NamedTuple):
    """The drift of a feature in a window."""

    window: str
    window_start: str
    window_end: str
    rows: int
    value: float | None
    threshold: float | None
    p_value: float | None
    verdict: str | None


def drift_points(
    connection: sqlite3.Connection, of: ModelVersion, feature: str, start: str, end: str
) -> list[DriftPoint]:
    """Return the drift of a feature in the windows that start in a half-open period, in order."""
    columns = ", ".join(f'"{name}"' for name in DriftPoint._fields)
    rows = connection.execute(
        # By its features, SQLite would read all windows of all features.
        f"select {columns} from metrics indexed by metrics_of_features where model = ? "
        "and version = ? and metric = 'drift' and window_start >= ? and window_start < ? "
        "and feature = ? order by window_start",
        (*of, start, end, feature),
    )
    return [DriftPoint(*row) for row in rows]


def lost_by_feature(
    connection: sqlite3.Connection, of: ModelVersion, start: str, end: str
) -> dict[str, float]:
    """Return the largest loss of performance that goes with the drift of each feature."""
    rows = connection.execute(
        "select feature, max(value) from metrics where metric = 'loss_from_drift' and model = ? "
        "and version = ? and window_start >= ? and window_start < ? and feature is not null "
        "and value > 0 group by feature",
        (*of, start, end),
    )
    return {feature: float(value) for feature, value in rows}
