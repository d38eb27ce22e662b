"""Metrics: one row for each window, metric, feature and segment."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from modeltap.config.metrics import CATALOGUE, PERFORMANCE_SEGMENTS
from modeltap.environments import reported
from modeltap.store.windows import Series

MetricRow = Mapping[str, Any]
"""A row of the table `metrics`, by column."""

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
    "at_once",
    "verdict",
    "explanation",
    "examples",
    "related",
    "in_reference",
    "reference_id",
    "computed_at",
)


_INTERNAL_COLUMNS = ("strength", "at_once", "related", "reference_id", "computed_at")
_SHOWN = ", ".join(name for name in METRIC_COLUMNS if name not in _INTERNAL_COLUMNS)

_IS_GROUP = "(segment is not null and {})".format(
    " and ".join(f"segment not like '{beginning}%'" for beginning in PERFORMANCE_SEGMENTS)
)

REPORTED_COLUMNS = tuple(reported(dict.fromkeys(_SHOWN.split(", "), "")))
"""The columns that commands show, in order; the environment follows the version."""


def save_metrics(connection: sqlite3.Connection, rows: Sequence[MetricRow]) -> None:
    """Write `rows` inside the caller's transaction, replacing the same metrics of a window."""
    connection.executemany(
        f"insert or replace into metrics ({', '.join(METRIC_COLUMNS)}) "
        f"values ({', '.join('?' * len(METRIC_COLUMNS))})",
        [tuple(row[name] for name in METRIC_COLUMNS) for row in rows],
    )


def delete_other_comparisons(
    connection: sqlite3.Connection, series: Series, start: str, end: str
) -> None:
    """Delete the metrics of a period's windows that were computed against other references."""
    connection.execute(
        "delete from metrics where model = ? and version = ? and window = ? and window_start >= ? "
        "and window_start < ? and reference_id <> ?",
        (series.model, series.version, series.window, start, end, series.reference_id),
    )


def delete_period_metrics(
    connection: sqlite3.Connection, series: Series, start: str, end: str, kept: Sequence[str]
) -> None:
    """Delete all metrics of a period except `kept`, inside the caller's transaction."""
    connection.execute(
        "delete from metrics where model = ? and version = ? and window = ? and window_start = ? "
        f"and window_end = ? and metric not in ({', '.join('?' * len(kept))})",
        (series.model, series.version, series.window, start, end, *kept),
    )


def values_before(
    connection: sqlite3.Connection,
    series: Series,
    metric: str,
    feature: str | None,
    before: str,
    since: str,
    at_least: int,
    excluded: Sequence[tuple[str, str]] = (),
) -> list[float]:
    """Return a metric's values in the windows from `since` to `before`, newest first.

    If there are fewer than `at_least`, earlier values are added up to that number.

    Args:
        excluded: half-open periods whose windows are skipped.
    """
    rows = connection.execute(
        "select window_start, value from metrics where model = ? and version = ? and window = ? "
        "and metric = ? and feature is ? and window_start < ? and value is not null "
        "order by window_start desc",
        (series.model, series.version, series.window, metric, feature, before),
    )
    values: list[float] = []
    for start, value in rows:
        if start < since and len(values) >= at_least:
            break
        if not any(first <= start < last for first, last in excluded):
            values.append(value)
    return values


def metrics_in_store(connection: sqlite3.Connection) -> list[str]:
    """Return the names of the metrics in the store."""
    # One seek in the index for each name: a scan takes a second with a million metrics.
    rows = connection.execute(
        "with recursive names (name) as (select min(metric) from metrics union all "
        "select (select min(metric) from metrics where metric > name) from names "
        "where name is not null) select name from names where name is not null"
    )
    return [name for (name,) in rows]


def own_metrics_in_store(connection: sqlite3.Connection) -> list[str]:
    """Return the names of metrics that are not in the catalogue: the user's own."""
    return [name for name in metrics_in_store(connection) if name not in CATALOGUE]


def features_in_metrics(connection: sqlite3.Connection) -> list[str]:
    """Return the names of the features that have metrics in the store."""
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
    """Return `REPORTED_COLUMNS` of metrics in order of time; None selects all.

    Args:
        last: return only the metrics of this many of the latest windows.
    """
    rows = connection.execute(
        f"select {_SHOWN} from metrics where (:model is null or model = :model) "
        "and (:metric is null or metric = :metric) and (:feature is null or feature = :feature) "
        "and (:last is null or window_start in (select distinct window_start from metrics where "
        "(:model is null or model = :model) and (:metric is null or metric = :metric) "
        "order by window_start desc limit :last)) "
        "order by model, version, window_start, metric, feature, segment",
        {"model": model, "metric": metric, "feature": feature, "last": last},
    )
    return [reported(dict(row)) for row in rows]


def metrics_of_window(
    connection: sqlite3.Connection, model: str, version: str, window: str, start: str
) -> list[dict[str, Any]]:
    """Return `REPORTED_COLUMNS` of all metrics of a window, alerts first.

    Args:
        version: as it is analysed, with the environment.
    """
    rows = connection.execute(
        f"select {_SHOWN} from metrics where model = ? and version = ? and window = ? "
        "and window_start = ? order by verdict = 'alert' desc, metric, feature, segment",
        (model, version, window, start),
    )
    return [reported(dict(row)) for row in rows]


def latest_metrics(
    connection: sqlite3.Connection,
    metrics: Sequence[str],
    *,
    model: str | None,
    feature: str | None,
    last: int,
    grouped: bool = False,
) -> list[dict[str, Any]]:
    """Return `REPORTED_COLUMNS` of these metrics in the last windows of each model's version.

    Rows are ordered by window, latest first, then alerts first, then by effect. Windows with the
    same end are one window: some metrics need more rows than others and start earlier.

    Args:
        grouped: return the metrics of groups instead of all others: first the gaps between them,
            then the rates of each, then those that are too small.
    """
    latest = [
        (*of, end)
        for of in _versions_with_metrics(connection, model)
        for end in _last_ends(connection, of, metrics, last, grouped=grouped)
    ]
    places = ", ".join("?" * len(metrics))
    rows = connection.execute(
        "with latest (model, version, window_end) as (select value ->> 0, value ->> 1, value ->> 2 "
        "from json_each(?)) "
        f"select {_SHOWN} from latest cross join metrics using (model, version, window_end) "
        f"where metric in ({places}) and {_IS_GROUP} = ? and (? is null or feature = ?) "
        f"order by model, version, window_end desc, {_IS_GROUP} and instr(segment, '=') > 0, "
        f"{_IS_GROUP} and value is null, verdict = 'alert' desc, "
        "ifnull(strength, 0) desc, feature, metric, segment",
        (json.dumps(latest), *metrics, grouped, feature, feature),
    )
    return [reported(dict(row)) for row in rows]


def _versions_with_metrics(
    connection: sqlite3.Connection, model: str | None
) -> list[tuple[str, str]]:
    """Return the models and versions that have metrics, by one seek in an index for each."""
    models = [model] if model is not None else _distinct(connection, "model", "true", ())
    return [
        (name, version)
        for name in models
        for version in _distinct(connection, "version", "model = ?", (name,))
    ]


def _distinct(
    connection: sqlite3.Connection, column: str, condition: str, values: tuple[str, ...]
) -> list[str]:
    """Return the values of the next column of an index; a scan takes .1 s with a million rows."""
    distinct: list[str] = []
    while True:
        beyond = f" and {column} > ?" if distinct else ""
        (value,) = connection.execute(
            f"select min({column}) from metrics where {condition}{beyond}",
            (*values, *distinct[-1:]),
        ).fetchone()
        if value is None:
            return distinct
        distinct.append(value)


def _last_ends(
    connection: sqlite3.Connection,
    of: tuple[str, str],
    metrics: Sequence[str],
    last: int,
    *,
    grouped: bool,
) -> list[str]:
    """Return the last ends of windows that have any of these metrics, latest first."""
    ends = {
        end
        for metric in metrics
        for (end,) in connection.execute(
            "select distinct window_end from metrics where metric = ? and model = ? "
            f"and version = ? and {_IS_GROUP} = ? order by window_end desc limit ?",
            (metric, *of, grouped, last),
        )
    }
    return sorted(ends, reverse=True)[:last]


def delete_metrics_at(
    connection: sqlite3.Connection,
    model: str,
    version: str,
    window: str,
    starts: Iterable[str],
    metrics: Sequence[str],
) -> None:
    """Delete these metrics of the windows that start at `starts`, inside the transaction."""
    connection.executemany(
        "delete from metrics where model = ? and version = ? and window = ? and window_start = ? "
        f"and metric in ({', '.join('?' * len(metrics))})",
        [(model, version, window, start, *metrics) for start in starts],
    )


class KnownValue(NamedTuple):
    """A metric's value in a window, and its number of rows."""

    value: float
    rows: int


def last_normal_values(
    connection: sqlite3.Connection,
    model: str,
    version: str,
    window: str,
    metric: str,
    before: str,
    limit: int,
) -> list[KnownValue]:
    """Return a metric's values in the last `limit` windows before `before` without an alert."""
    rows = connection.execute(
        "select value, rows from metrics where model = ? and version = ? and window = ? "
        "and metric = ? and window_start < ? "
        "and verdict in ('ok', 'no_reference', 'not_comparable') "
        "order by window_start desc limit ?",
        (model, version, window, metric, before, limit),
    )
    return list(map(KnownValue._make, rows))


def values_at(
    connection: sqlite3.Connection,
    model: str,
    version: str,
    window: str,
    metric: str,
    starts: Sequence[str],
) -> list[KnownValue]:
    """Return a metric's values in the windows that start at `starts`, including alerts.

    Args:
        starts: at most 995 of them.
    """
    rows = connection.execute(
        "select value, rows from metrics where model = ? and version = ? and window = ? "
        f"and metric = ? and window_start in ({', '.join('?' * len(starts))}) "
        "and value is not null and verdict <> 'not_enough_rows' order by window_start",
        (model, version, window, metric, *starts),
    )
    return list(map(KnownValue._make, rows))


_SUBJECT = (
    "model = ? and version = ? and window = ? and metric = ? and feature is ? and segment is ?"
)

_EVALUATED = "(in_reference = 0 or reference_id is null)"
"""Select windows outside the reference, and windows evaluated while it was being learned."""


def metrics_before(
    connection: sqlite3.Connection, row: MetricRow, before: str, limit: int = -1
) -> Iterator[MetricRow]:
    """Yield the rows of the same metric in windows before `before`, newest first.

    Windows in the reference are skipped, except those evaluated while it was being learned.

    Args:
        row: identifies the metric by model, version, window, metric, feature and segment.
        limit: the maximum number of rows; negative for all.
    """
    yield from connection.execute(
        f"select * from metrics where {_SUBJECT} and {_EVALUATED} and window_start < ? "
        "order by window_start desc limit ?",
        (*_subject(row), before, limit),
    )


def subject_values(
    connection: sqlite3.Connection,
    row: MetricRow,
    before: str,
    limit: int,
    *,
    in_reference: bool,
) -> list[float]:
    """Return the last `limit` values of the same metric in windows before `before`.

    Args:
        row: identifies the metric, as in `metrics_before`.
        in_reference: return only windows in the reference if True, else only the others.
    """
    rows = connection.execute(
        f"select value from metrics where {_SUBJECT} and value is not null and in_reference = ? "
        "and window_start < ? order by window_start desc limit ?",
        (*_subject(row), int(in_reference), before, limit),
    )
    return [value for (value,) in rows]


def last_window_end(connection: sqlite3.Connection, model: str, version: str) -> str | None:
    """Return the end of the last window for which a model's version has metrics."""
    ends = (
        connection.execute(
            "select max(window_end) from metrics where metric = ? and model = ? and version = ?",
            (metric, model, version),
        ).fetchone()[0]
        for metric in metrics_in_store(connection)
    )
    return max((end for end in ends if end is not None), default=None)


def last_value(connection: sqlite3.Connection, model: str, metric: str) -> float | None:
    """Return a metric's value for all rows of a model's last window; None if there is none."""
    row = connection.execute(
        "select value from metrics where model = ? and metric = ? and segment is null "
        "and value is not null order by window_start desc limit 1",
        (model, metric),
    ).fetchone()
    return None if row is None else float(row[0])


def _subject(row: MetricRow) -> tuple[Any, ...]:
    names = ("model", "version", "window", "metric", "feature", "segment")
    return tuple(row[name] for name in names)
