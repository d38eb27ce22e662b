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


REPORTED_COLUMNS = (
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
    "verdict",
    "explanation",
    "examples",
    "in_reference",
)
"""The columns for people, in their order."""

_SHOWN = ", ".join(REPORTED_COLUMNS)


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


def metrics_in_store(connection: sqlite3.Connection) -> list[str]:
    """Return the names of the metrics that the store has values of."""
    return [name for (name,) in connection.execute("select distinct metric from metrics")]


def features_in_metrics(connection: sqlite3.Connection) -> list[str]:
    """Return the names of the features that the store has metrics of."""
    rows = connection.execute("select distinct feature from metrics where feature not null")
    return [name for (name,) in rows]


def list_metrics(
    connection: sqlite3.Connection,
    *,
    model: str | None,
    metric: str | None,
    feature: str | None,
    last: int | None,
) -> list[dict[str, Any]]:
    """Return `REPORTED_COLUMNS` of metrics in order of time; None stands for all.

    Args:
        last: only those of so many of the last windows.
    """
    rows = connection.execute(
        f"select {_SHOWN} from metrics where (:model is null or model = :model) "
        "and (:metric is null or metric = :metric) and (:feature is null or feature = :feature) "
        "and (:last is null or window_start in (select distinct window_start from metrics where "
        "(:model is null or model = :model) and (:metric is null or metric = :metric) "
        "order by window_start desc limit :last)) "
        "order by model, version, window_start, metric, feature",
        {"model": model, "metric": metric, "feature": feature, "last": last},
    )
    return list(map(dict, rows))


def latest_metrics(
    connection: sqlite3.Connection,
    metrics: Sequence[str],
    *,
    model: str | None,
    feature: str | None,
    last: int,
) -> list[dict[str, Any]]:
    """Return `REPORTED_COLUMNS` of these metrics in the last windows of each model's version.

    The latest window comes first, in it alerts, then the strongest effects.
    """
    places = ", ".join("?" * len(metrics))
    rows = connection.execute(
        f"select {_SHOWN} from metrics m where metric in ({places}) "
        "and (? is null or model = ?) and (? is null or feature = ?) and window_start in "
        f"(select distinct window_start from metrics where metric in ({places}) and model = "
        "m.model and version = m.version order by window_start desc limit ?) "
        "order by model, version, window_start desc, verdict = 'alert' desc, "
        "ifnull(strength, 0) desc, feature, metric",
        (*metrics, model, model, feature, feature, *metrics, last),
    )
    return list(map(dict, rows))
