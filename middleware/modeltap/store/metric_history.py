"""Metrics of all rows over time, as charts need them."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import NamedTuple

from modeltap.store.metrics import metrics_in_store
from modeltap.store.models import ModelVersion
from modeltap.store.thinning import thinned_metrics

_IN_ALL_WINDOWS = ("gap_seconds", "throughput_rps", "drift")
"""Metrics that every window of rows or of requests has."""


class MetricSpan(NamedTuple):
    """The start of a model's first window with metrics, and the end of its last."""

    start: str
    end: str


def metric_span(connection: sqlite3.Connection, of: ModelVersion) -> MetricSpan | None:
    """Return the span of a model's metrics; None if there are none."""
    spans = []
    for metric in _IN_ALL_WINDOWS:
        first, last = (
            connection.execute(
                "select window_start, window_end from metrics where metric = ? and model = ? "
                f"and version = ? order by window_end {order} limit 1",
                (metric, *of),
            ).fetchone()
            for order in ("asc", "desc")
        )
        if first is not None:
            spans.append(MetricSpan(first[0], last[1]))
    if not spans:
        return None
    return MetricSpan(min(span.start for span in spans), max(span.end for span in spans))


class MetricPoint(NamedTuple):
    """A metric of all rows in a window.

    Attributes:
        numerator: of a rate; for an estimate, the labels that corrected it, None if none did.
    """

    metric: str
    window: str
    window_start: str
    window_end: str
    rows: int
    numerator: int | None
    value: float | None
    low: float | None
    high: float | None
    threshold: float | None
    verdict: str | None
    in_reference: int


def metric_points(
    connection: sqlite3.Connection,
    of: ModelVersion,
    metric: str,
    start: str,
    end: str,
    most: int | None = None,
) -> list[MetricPoint]:
    """Return a metric of all rows in the windows that start in a half-open period, in order.

    Args:
        most: the maximum number of points: of more windows, one is taken from each part of the
            period, which is one that alerts, or else its last. None for all.
    """
    values = {"metric": metric, "start": start, "end": end, **of._asdict()}
    if most is not None and count_points(connection, of, metric, start, end) > most:
        rows = thinned_metrics(connection, _COLUMNS, _OF_ALL_ROWS, values, most)
    else:
        rows = connection.execute(
            f"select {_COLUMNS} from metrics where {_IN_PERIOD} order by window_start", values
        ).fetchall()
    return [MetricPoint(*row) for row in rows]


_COLUMNS = ", ".join(
    "count" if name == "numerator" else f'"{name}"' for name in MetricPoint._fields
)

_OF_ALL_ROWS = (
    "metric = :metric and model = :model and version = :version "
    "and feature is null and segment is null"
)
"""The condition of the index `metrics_of_all_rows`."""

_IN_PERIOD = f"{_OF_ALL_ROWS} and window_start >= :start and window_start < :end"


class MetricSubject(NamedTuple):
    """The subject of a metric: of a feature, of a segment, or of all rows."""

    metric: str
    feature: str | None
    segment: str | None


def points_around(
    connection: sqlite3.Connection,
    of: ModelVersion,
    window: str,
    subject: MetricSubject,
    start: str,
    most: int,
) -> list[MetricPoint]:
    """Return a metric in at most `most` windows before a time and as many from it on, in order.

    Args:
        window: the length of the windows.
    """
    values = {
        "model": of.model,
        "version": of.version,
        "window": window,
        "metric": subject.metric,
        "feature": subject.feature or "",
        "segment": subject.segment or "",
        "start": start,
        "most": most,
    }
    before, after = (
        connection.execute(
            f"select {_COLUMNS} from metrics indexed by one_metric where model = :model "
            'and version = :version and "window" = :window and metric = :metric '
            "and ifnull(feature, '') = :feature and ifnull(segment, '') = :segment "
            f"and window_start {bound} order by window_start {order} limit :most",
            values,
        ).fetchall()
        for bound, order in (("< :start", "desc"), (">= :start", "asc"))
    )
    return [MetricPoint(*row) for row in [*reversed(before), *after]]


def last_points(
    connection: sqlite3.Connection, of: ModelVersion, metrics: Sequence[str], end: str
) -> list[MetricPoint]:
    """Return each of some metrics of all rows in its last window before a time, if it has one."""
    points = []
    for metric in metrics:
        row = connection.execute(
            f"select {_COLUMNS} from metrics where {_IN_PERIOD} order by window_start desc limit 1",
            {"metric": metric, "start": "", "end": end, **of._asdict()},
        ).fetchone()
        if row is not None:
            points.append(MetricPoint(*row))
    return points


def count_points(
    connection: sqlite3.Connection, of: ModelVersion, metric: str, start: str, end: str
) -> int:
    """Return the number of windows with a metric of all rows that start in a half-open period."""
    values = {"metric": metric, "start": start, "end": end, **of._asdict()}
    row = connection.execute(f"select count(*) from metrics where {_IN_PERIOD}", values)
    return int(row.fetchone()[0])


def metrics_of_all_rows(connection: sqlite3.Connection, of: ModelVersion) -> list[str]:
    """Return the names of a model's metrics of all rows, neither by feature nor by segment."""
    return [
        name
        for name in metrics_in_store(connection)
        if connection.execute(
            "select 1 from metrics where metric = ? and model = ? and version = ? "
            "and feature is null and segment is null limit 1",
            (name, *of),
        ).fetchone()
    ]


def last_metrics(
    connection: sqlite3.Connection, of: ModelVersion, metrics: Sequence[str]
) -> dict[str, float]:
    """Return the last known values of metrics of all rows, by metric."""
    values = {}
    for metric in metrics:
        row = connection.execute(
            "select value from metrics where model = ? and version = ? and metric = ? "
            "and feature is null and segment is null and value is not null "
            "order by window_start desc limit 1",
            (*of, metric),
        ).fetchone()
        if row is not None:
            values[metric] = float(row[0])
    return values
