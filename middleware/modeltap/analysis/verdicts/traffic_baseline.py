"""Baseline of a model's error rate and latency, from recent windows and the same hours of the day.

Requests have no frozen reference, because the app's machine, load and releases change them.
"""

from __future__ import annotations

import sqlite3
import statistics
from collections.abc import Sequence

from modeltap import clock
from modeltap.store.metrics import KnownValue, last_normal_values, values_at, values_before
from modeltap.store.traffic import StoredTraffic
from modeltap.store.windows import Series

_BASELINE_WINDOWS = 24
"""A day of hourly windows, so that every hour of the day is included."""

_MIN_BASELINE_WINDOWS = 3
"""With fewer windows, the baseline might be that of an incident."""

_DAYS = 28
"""Days whose same hours are read. Only an incident on half of them would become the baseline."""

_MIN_DAILY = 4
"""The number of days required for the baseline of an hour. A nightly batch, slow every night, is
not an incident; neighbouring hours are not representative, because they are fast."""

_NEVER_NORMAL = 0.1
"""A model that fails in one request of ten has an incident, even if it does so from its first hour
on or every night: such an error rate never becomes the baseline."""

METRICS = ("error_rate", "latency_p95_ms")


def traffic_baseline(
    connection: sqlite3.Connection, window: StoredTraffic, before: str
) -> dict[str, float]:
    """Return the baseline of each metric in a window; metrics without enough windows are missing.

    The baseline is that of the last windows without an alert, or that of the same hour of earlier
    days if it is higher. The latter includes windows with alerts: the median of many days is not
    that of an incident, and otherwise an hour that is slow every day would never be learnt.

    Args:
        before: the start of the evaluated period, of which `window` is the last.
    """
    baselines = {}
    for metric in METRICS:
        known = [_recent(connection, window, metric, before), _daily(connection, window, metric)]
        values = [value for value in known if value is not None]
        if values:
            baselines[metric] = max(values)
    return baselines


def _recent(
    connection: sqlite3.Connection, window: StoredTraffic, metric: str, before: str
) -> float | None:
    """Return the value of the last windows without an alert.

    This is the median of latencies, and the error rate over all requests: if one request in a
    hundred fails, the median error rate of windows with few requests is zero.
    """
    series = window.model, window.version, window.window
    known = last_normal_values(connection, *series, metric, before, _BASELINE_WINDOWS)
    if metric == "error_rate" and len(known) < _MIN_BASELINE_WINDOWS:
        return _from_the_start(connection, window, before)
    if len(known) < _MIN_BASELINE_WINDOWS:
        return None
    return _pooled(known) if metric == "error_rate" else _median(known)


def _from_the_start(
    connection: sqlite3.Connection, window: StoredTraffic, before: str
) -> float | None:
    """Return the error rate of a model that has occasionally failed since its first hour.

    Otherwise each of its windows might have an alert, and no window would ever be normal.
    """
    series = Series(window.model, window.version, "", window.window)
    rates = values_before(connection, series, "error_rate", None, before, before, _BASELINE_WINDOWS)
    if len(rates) < _BASELINE_WINDOWS:
        return None
    median = statistics.median(rates)
    return median if median < _NEVER_NORMAL else None


def _daily(connection: sqlite3.Connection, window: StoredTraffic, metric: str) -> float | None:
    """Return the median of earlier days at the same time of day; None if too few are known."""
    start, end = (clock.parse(time) or 0.0 for time in (window.window_start, window.window_end))
    if end - start >= clock.DAY:
        return None
    starts = [clock.iso(start - day * clock.DAY) for day in range(1, _DAYS + 1)]
    known = values_at(connection, window.model, window.version, window.window, metric, starts)
    if len(known) < _MIN_DAILY:
        return None
    median = _median(known)
    return None if metric == "error_rate" and median >= _NEVER_NORMAL else median


def _median(known: Sequence[KnownValue]) -> float:
    return statistics.median(window.value for window in known)


def _pooled(known: Sequence[KnownValue]) -> float:
    rows = sum(window.rows for window in known)
    return sum(window.value * window.rows for window in known) / rows if rows else 0.0
