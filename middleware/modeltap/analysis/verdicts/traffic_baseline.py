"""The usual error rate and latency of a model: of its last windows, and of the same hours before.

Requests have no frozen reference: the app's machine, its load and its releases change them.
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
"""A day of hourly windows: every hour of the day counts as normal."""

_MIN_BASELINE_WINDOWS = 3
"""Of fewer windows the usual value may be that of an incident."""

_DAYS = 28
"""Days whose same hours are asked. An incident has to fill half of them to be taken for usual."""

_MIN_DAILY = 4
"""So many days at an hour say what is usual there: a nightly batch is slow each night, and no
incident. Its neighbours are not asked, for they are as fast as ever."""

_NEVER_USUAL = 0.1
"""A model that fails in one request of ten, from its first hour on or each night, has an incident
and not a habit: windows with an alert do not teach that this is usual."""

METRICS = ("error_rate", "latency_p95_ms")


def traffic_baseline(
    connection: sqlite3.Connection, window: StoredTraffic, before: str
) -> dict[str, float]:
    """Return what is usual in a window, by metric; none where too little is known.

    It is that of the last windows without an alert, or of the same hour of earlier days, whichever
    is higher. The latter windows count whether they had an alert or not: the median of many days
    is none of an incident, while an hour that is slow each day would never be learnt without.

    Args:
        before: the start of the period that is evaluated, of which `window` is the last.
    """
    found = {}
    for metric in METRICS:
        known = [_recent(connection, window, metric, before), _daily(connection, window, metric)]
        values = [value for value in known if value is not None]
        if values:
            found[metric] = max(values)
    return found


def _recent(
    connection: sqlite3.Connection, window: StoredTraffic, metric: str, before: str
) -> float | None:
    """Return the value of the last windows without an alert.

    Of latency the median; of errors the rate over all of their requests, for of windows with few
    requests the median is nothing where one request in a hundred fails.
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
    """Return the rate of a model that has failed at times since its first hour.

    Each of its windows may have an alert, and none would be normal for good.
    """
    series = Series(window.model, window.version, "", window.window)
    rates = values_before(connection, series, "error_rate", None, before, before, _BASELINE_WINDOWS)
    if len(rates) < _BASELINE_WINDOWS:
        return None
    usual = statistics.median(rates)
    return usual if usual < _NEVER_USUAL else None


def _daily(connection: sqlite3.Connection, window: StoredTraffic, metric: str) -> float | None:
    """Return the median of earlier days at the same time of day; None where that is not known."""
    start, end = (clock.parse(time) or 0.0 for time in (window.window_start, window.window_end))
    if end - start >= clock.DAY:
        return None
    starts = [clock.iso(start - day * clock.DAY) for day in range(1, _DAYS + 1)]
    known = values_at(connection, window.model, window.version, window.window, metric, starts)
    if len(known) < _MIN_DAILY:
        return None
    usual = _median(known)
    return None if metric == "error_rate" and usual >= _NEVER_USUAL else usual


def _median(known: Sequence[KnownValue]) -> float:
    return statistics.median(one.value for one in known)


def _pooled(known: Sequence[KnownValue]) -> float:
    rows = sum(one.rows for one in known)
    return sum(one.value * one.rows for one in known) / rows if rows else 0.0
