"""The traffic of windows of the wall clock that are over: latency, errors, throughput."""

from __future__ import annotations

import sqlite3
import statistics
import time
from collections.abc import Iterator

from modeltap import clock
from modeltap.analysis.counting.traffic import traffic_of
from modeltap.analysis.detectors import latency_and_errors
from modeltap.analysis.explanations.explain import explained
from modeltap.analysis.verdicts.results import Period, WindowResult
from modeltap.analysis.verdicts.scope import PassScope
from modeltap.analysis.verdicts.urgency import urgent
from modeltap.config.windows import Window
from modeltap.store.metrics import last_normal_values
from modeltap.store.traffic import StoredTraffic, closed_traffic

_BASELINE_WINDOWS = 24
"""A day of hourly windows: every hour of the day counts as normal."""

_MIN_BASELINE_WINDOWS = 3
"""Of fewer windows the median may be that of an incident."""


def results(scope: PassScope) -> Iterator[WindowResult]:
    """Yield the result of each window of traffic that is over and due.

    Each is to be written before the next is asked for: its baseline are the windows before it.
    """
    limit = "9999" if scope.open_too else clock.iso(time.time())
    for window in closed_traffic(scope.connection, limit, due_only=not scope.again):
        yield _evaluate(scope, window)


def _evaluate(scope: PassScope, window: StoredTraffic) -> WindowResult:
    period = Period(
        window.model, window.version, window.window, window.window_start, window.window_end
    )
    seconds = (clock.parse(period.end) or 0.0) - (clock.parse(period.start) or 0.0)
    context = latency_and_errors.TrafficContext(
        traffic_of(window),
        seconds,
        _baseline(scope.connection, period),
        min_rows=scope.settings.for_model(period.model).min_rows,
    )
    weekly = Window.parse(period.window).a_week or 1.0
    metrics = explained(urgent(latency_and_errors.evaluate(context), weekly))
    return WindowResult(
        period, metrics, done=window, job="operations", revision=f"#{window.requests}"
    )


def _baseline(connection: sqlite3.Connection, period: Period) -> dict[str, float]:
    """Return the median of the last windows without an alert, by operational metric."""
    baseline = {}
    for metric in ("error_rate", "latency_p95_ms"):
        values = last_normal_values(
            connection,
            period.model,
            period.version,
            period.window,
            metric,
            period.start,
            _BASELINE_WINDOWS,
        )
        if len(values) >= _MIN_BASELINE_WINDOWS:
            baseline[metric] = statistics.median(values)
    return baseline
