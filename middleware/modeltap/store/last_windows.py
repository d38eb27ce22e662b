"""Metrics of the last window of each model, as other monitoring tools read them."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection
from typing import Any, NamedTuple

from modeltap.store.models import ModelVersion, counted_models

_SEARCHED = {True: 5000, False: 500}
"""Rows that a search for the last window with values of features, or of all rows, reads."""


class LastValue(NamedTuple):
    """A metric's value in its last window that has one."""

    feature: str | None
    segment: str | None
    value: float
    verdict: str | None
    window_end: str


def last_window_values(
    connection: sqlite3.Connection, of: ModelVersion, metric: str, *, of_features: bool
) -> list[LastValue]:
    """Return a metric's values in the last window that has any, by feature and segment.

    Args:
        of_features: return the values of features instead of those of all rows and segments.
    """
    values = {**of._asdict(), "metric": metric, "of_features": of_features}
    # The last window of all mostly has a value, and is one seek in the index.
    for searched in (1, _SEARCHED[of_features]):
        rows = connection.execute(
            f"select {', '.join(LastValue._fields)} from metrics "
            # Otherwise SQLite reads all windows of `drift` in the index for charts.
            "indexed by metrics_by_name where metric = :metric "
            "and model = :model and version = :version and value is not null "
            "and (feature is not null) = :of_features and window_end = ("
            "select window_end from (select window_end, value, feature from metrics "
            "where metric = :metric and model = :model and version = :version "
            "order by window_end desc limit :searched) where :searched = 1 or (value is not null "
            "and (feature is not null) = :of_features) limit 1) order by window_start",
            values | {"searched": searched},
        )
        last = {(row[0], row[1]): LastValue(*row) for row in rows}
        if last:
            return list(last.values())
    return []


def latest_versions(connection: sqlite3.Connection, most: int) -> tuple[list[ModelVersion], int]:
    """Return the versions of models with the latest traffic, and how many others there are."""
    every = counted_models(connection)
    if len(every) <= most:
        return every, 0
    rows = connection.execute(
        "select m.model, m.version from models m order by (select max(window_end) from traffic t "
        "where t.model = m.model and t.version = m.version) desc, model, version limit ?",
        (most,),
    )
    return sorted(ModelVersion(*row) for row in rows), len(every) - most


def captured_total(connection: sqlite3.Connection) -> int:
    """Return the number of exchanges that were ever written, including deleted ones."""
    row = connection.execute("select seq from sqlite_sequence where name = 'exchanges'").fetchone()
    return 0 if row is None else int(row[0])


def message_counts(connection: sqlite3.Connection) -> dict[str, int]:
    """Return the number of messages to webhooks by state."""
    return dict(
        connection.execute("select state, count(*) from deliveries group by state").fetchall()
    )


def last_analysis_end(connection: sqlite3.Connection) -> str | None:
    """Return when the last complete analysis finished; None before the first."""
    row = connection.execute(
        "select finished_at from job_times where job = 'analyze' and finished_at is not null"
    ).fetchone()
    return None if row is None else str(row[0])


def traces_of_examples(
    connection: sqlite3.Connection, alerts: Collection[str], most: int
) -> dict[str, list[str]]:
    """Return the trace ids of the example exchanges of alerts, by the id of the alert.

    Args:
        most: the number of trace ids of an alert.
    """
    traces: dict[str, list[str]] = {}
    for alert in alerts:
        rows: list[Any] = connection.execute(
            "select distinct e.trace_id from alerts a, json_each(a.examples) x "
            "join exchanges e on e.id = x.value where a.id = ? and e.trace_id is not null limit ?",
            (alert, most),
        ).fetchall()
        if rows:
            traces[alert] = [trace for (trace,) in rows]
    return traces
