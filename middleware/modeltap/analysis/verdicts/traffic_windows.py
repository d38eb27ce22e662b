"""Judging the traffic of complete windows: latency, errors, throughput."""

from __future__ import annotations

import sqlite3
import statistics
import time

from modeltap import clock
from modeltap.analysis.counting.counter import traffic_of
from modeltap.analysis.detectors import operations
from modeltap.analysis.explanations.explain import explained
from modeltap.analysis.verdicts.recorder import Judging, Period
from modeltap.store.traffic import closed_traffic, mark_traffic_done

_USUAL_WINDOWS = 24
_MIN_USUAL_WINDOWS = 3


def judge_operations(judging: Judging) -> int:
    """Judge latency, errors and throughput by the wall clock; return how many windows."""
    limit = "9999" if judging.open_too else clock.iso(time.time())
    judged = 0
    for window in closed_traffic(judging.connection, limit, due_only=not judging.again):
        traffic = traffic_of(window)
        period = Period(
            window.model,
            window.version,
            window.window,
            window.window_start,
            window.window_end,
        )
        seconds = (clock.parse(period.end) or 0.0) - (clock.parse(period.start) or 0.0)
        context = operations.TrafficContext(
            traffic,
            seconds,
            _usual(judging.connection, period),
            min_rows=judging.settings_of(period.model).min_rows,
        )
        metrics = explained(operations.evaluate(context))
        judged += judging.write(
            "operations",
            period,
            metrics,
            revision=f"#{traffic.requests}",
            also=lambda: _done(judging.connection, period),  # noqa: B023 - called at once
        )
    return judged


def _done(connection: sqlite3.Connection, period: Period) -> None:
    mark_traffic_done(connection, period.model, period.version, period.window, period.start)


def _usual(connection: sqlite3.Connection, period: Period) -> dict[str, float]:
    """Return the median of the last windows that were no alert, by operational metric."""
    usual = {}
    for metric in ("error_rate", "latency_p95_ms"):
        rows = connection.execute(
            "select value from metrics where model = ? and version = ? and window = ? "
            "and metric = ? and window_start < ? and verdict in ('ok', 'no_reference') "
            "order by window_start desc limit ?",
            (period.model, period.version, period.window, metric, period.start, _USUAL_WINDOWS),
        ).fetchall()
        if len(rows) >= _MIN_USUAL_WINDOWS:
            usual[metric] = statistics.median(row[0] for row in rows)
    return usual
