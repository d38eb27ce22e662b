"""The drift of features over time, as charts need it: the worst of each period, and lines."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from itertools import chain, pairwise
from typing import Any, NamedTuple

from modeltap.store.models import ModelVersion
from modeltap.store.thinning import period_edges, thinned_metrics


class WorstCell(NamedTuple):
    """The worst window of a feature in a period.

    Attributes:
        column: the number of the period, from 0.
        window_start: when the worst window starts.
        windows: the number of windows in the period.
        alerts: the number of windows with the verdict `alert`.
        strength: the largest effect divided by its floor; None if it is not known.
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

    @property
    def is_tested(self) -> bool:
        """True if the window was compared with the reference."""
        return self.verdict in _TESTED

    @property
    def tested_strength(self) -> float | None:
        """The strength; None without a test."""
        return self.strength if self.is_tested else None


_TESTED = ("ok", "alert")
"""Verdicts of windows that were compared with the reference."""

_TESTED_STRENGTH = f"iif(verdict in {_TESTED}, strength, null)"


def count_drift_windows(
    connection: sqlite3.Connection, of: ModelVersion, start: str, end: str, most: int
) -> int:
    """Return the number of windows with results of features that start in a half-open period.

    Counting stops at `most`.
    """
    return int(
        connection.execute(
            "select count(*) from (select distinct window_start from metrics "
            "indexed by metrics_of_features where model = ? and version = ? "
            "and metric = 'drift' and window_start >= ? and window_start < ? "
            "limit ?)",
            (*of, start, end, most),
        ).fetchone()[0]
    )


def drifting_features(connection: sqlite3.Connection, of: ModelVersion) -> list[str]:
    """Return the features with results, in order of their names."""
    # One seek in the index for each name, instead of a scan of all windows.
    own = "from metrics where model = :model and version = :version and metric = 'drift'"
    rows = connection.execute(
        f"with recursive names (name) as (select min(feature) {own} union all "
        f"select (select min(feature) {own} and feature > name) from names "
        "where name is not null) select name from names where name is not null",
        of._asdict(),
    )
    return [name for (name,) in rows]


class DriftRank(NamedTuple):
    """The drift of a feature in a period, to order features by it.

    Attributes:
        windows, alerts: the number of windows, and of those with the verdict `alert`.
        strength: the largest one of a test.
    """

    feature: str
    windows: int
    alerts: int
    strength: float | None


def drift_ranks(
    connection: sqlite3.Connection, of: ModelVersion, start: str, end: str
) -> list[DriftRank]:
    """Return each feature with results in the windows that start in a half-open period."""
    rows = connection.execute(
        "select feature, count(*), count(iif(verdict = 'alert', 1, null)), "
        f"max({_TESTED_STRENGTH}) from metrics indexed by metrics_of_features "
        "where model = ? and version = ? and metric = 'drift' and window_start >= ? "
        "and window_start < ? group by feature",
        (*of, start, end),
    )
    return [DriftRank(*row) for row in rows]


def worst_cells(
    connection: sqlite3.Connection,
    of: ModelVersion,
    features: Iterable[str],
    start: float,
    end: float,
    columns: int = 1,
) -> list[WorstCell]:
    """Return the drift of features in periods of equal length, by feature, in order of time.

    A window that alerts is worse than others, and a tested one worse than one without a test.
    SQLite takes the other columns of a row from the one with the maximum.

    Args:
        start, end: seconds since the epoch, half-open.
        columns: the number of periods.
    """
    edges = period_edges(start, end, columns)
    periods = [(column, *pair) for column, pair in enumerate(pairwise(edges))]
    of_feature = (
        f"with periods (n, since, until) as (values {', '.join(['(?, ?, ?)'] * columns)}) "
        "select feature, n, window_start, count(*), sum(verdict is 'alert'), strength, value, "
        f"verdict, max((verdict is 'alert') * 1e9 + ifnull({_TESTED_STRENGTH}, -1)) "
        "from periods cross join metrics indexed by metrics_of_features where model = ? "
        "and version = ? and metric = 'drift' and feature = ? "
        "and window_start >= since and window_start < until group by n"
    )
    values = list(chain.from_iterable(periods))
    return [
        WorstCell(*row[:-1])
        for feature in features
        for row in connection.execute(of_feature, (*values, *of, feature))
    ]


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


_DRIFT_COLUMNS = ", ".join(f'"{name}"' for name in DriftPoint._fields)

_OF_FEATURE = "model = :model and version = :version and metric = 'drift' and feature = :feature"
"""The condition of the index `metrics_of_features`."""


def drift_points(
    connection: sqlite3.Connection,
    of: ModelVersion,
    feature: str,
    start: str,
    end: str,
    most: int | None = None,
) -> list[DriftPoint]:
    """Return the drift of a feature in the windows that start in a half-open period, in order.

    Args:
        most: the maximum number of points; None for all windows.
    """
    values = {**of._asdict(), "feature": feature, "start": start, "end": end}
    if most is not None and _count_of_feature(connection, values) > most:
        rows = thinned_metrics(connection, _DRIFT_COLUMNS, _OF_FEATURE, values, most)
    else:
        rows = connection.execute(
            f"select {_DRIFT_COLUMNS} from metrics indexed by metrics_of_features "
            f"where {_OF_FEATURE} and window_start >= :start and window_start < :end "
            "order by window_start",
            values,
        ).fetchall()
    return [DriftPoint(*row) for row in rows]


def _count_of_feature(connection: sqlite3.Connection, values: dict[str, str]) -> int:
    row = connection.execute(
        f"select count(*) from metrics indexed by metrics_of_features where {_OF_FEATURE} "
        "and window_start >= :start and window_start < :end",
        values,
    ).fetchone()
    return int(row[0])


class DriftWindow(NamedTuple):
    """The drift of a feature in a window, and the starts of the windows before and after it."""

    point: DriftPoint
    earlier: str | None
    later: str | None


def drift_window(
    connection: sqlite3.Connection,
    of: ModelVersion,
    feature: str,
    start: str,
    end: str,
    asked: str | None = None,
) -> DriftWindow | None:
    """Return a feature's window of a half-open period; None if it has none there.

    Args:
        asked: the start of the window; without such a window, it is the last one.
    """
    values = {**of._asdict(), "feature": feature, "start": start, "end": end, "asked": asked}

    def first(columns: str, condition: str, order: str) -> Any:
        return connection.execute(
            f"select {columns} from metrics indexed by metrics_of_features where {_OF_FEATURE} "
            f"and window_start >= :start and window_start < :end and {condition} "
            f"order by window_start {order} limit 1",
            values,
        ).fetchone()

    row = first(_DRIFT_COLUMNS, "window_start = :asked", "asc") if asked else None
    row = row or first(_DRIFT_COLUMNS, "true", "desc")
    if row is None:
        return None
    point = DriftPoint(*row)
    values["asked"] = point.window_start
    earlier = first("window_start", "window_start < :asked", "desc")
    later = first("window_start", "window_start > :asked", "asc")
    return DriftWindow(point, earlier and earlier[0], later and later[0])


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
