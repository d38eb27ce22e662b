"""Impossible event times, by the hour in which their rows were counted."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

from modeltap import clock
from modeltap.analysis.model.metric import ALERT, OK, Metric
from modeltap.analysis.statistics.rates import wilson
from modeltap.analysis.verdicts.results import HourReported, Period, WindowResult
from modeltap.environments import with_environment
from modeltap.store.event_times import CountedHour, due_hours
from modeltap.wording import plural

EVENT_TIME_REJECTED = "event_time_rejected_rate"

_FLOOR = 0.01
"""One row in a hundred without a time is worth an alert; fewer do not change any verdict."""

_FEW = 3
"""One or two rows never alert, even if they are a large fraction of a quiet hour."""


def results(connection: sqlite3.Connection) -> Iterator[WindowResult]:
    """Yield the result of each hour with rows, starting with the first rejected time."""
    for counted in due_hours(connection):
        end = clock.iso((clock.parse(counted.hour) or 0.0) + clock.HOUR)
        version = with_environment("", counted.environment)
        period = Period(counted.model, version, "1h", counted.hour, end)
        done = HourReported(counted.environment, counted.hour)
        yield WindowResult(period, [_evaluate(counted)], done=done)


def _evaluate(counted: CountedHour) -> Metric:
    rows, rejected = max(counted.rows, counted.rejected), counted.rejected
    value = rejected / rows
    low, high = wilson(rejected, rows)
    return Metric(
        metric=EVENT_TIME_REJECTED,
        rows=rows,
        count=rejected,
        value=value,
        low=low,
        high=high,
        threshold=_FLOOR,
        strength=value / _FLOOR,
        # Rejected times are certain, so one hour is enough to fire.
        at_once=True,
        verdict=ALERT if rejected >= _FEW and value > _FLOOR else OK,
        explanation=(
            f"{rejected:,} of {plural(rows, 'row')} have an impossible event time (more than a "
            "day in the future, far before all others, or unreadable) and are in no window"
            if rejected
            else None
        ),
    )
