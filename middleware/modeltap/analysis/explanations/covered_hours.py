"""Hours of the week in which a window has rows but its reference has none."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

import numpy as np

from modeltap import clock
from modeltap.analysis.detectors.context import Context
from modeltap.analysis.model.local_times import hours_of_the_week
from modeltap.analysis.model.reference import Reference

_MOST = 0.5
"""If the reference covers the hours of half of the rows, the comparison is valid."""

_DAYS = ("Mondays", "Tuesdays", "Wednesdays", "Thursdays", "Fridays", "Saturdays", "Sundays")
_HOURS = 7 * 24


def uncovered(context: Context) -> str | None:
    """Describe the hours of most of the window's rows if the reference has no rows from them."""
    reference = context.reference
    covered = context.covered if context.covered is not None else covered_hours(reference)
    moments = context.times[~np.isnan(context.times)]
    if covered is None or not len(moments):
        return None
    hours, rows = np.unique(moments // clock.HOUR, return_counts=True)
    places = [hour_of_week(hour * clock.HOUR, reference.timezone) for hour in hours.tolist()]
    outside = np.array([place not in covered for place in places])
    if rows[outside].sum() <= _MOST * rows.sum():
        return None
    missing = {place for place, out in zip(places, outside, strict=True) if out}
    return f"{described_hours(missing)} {reference.timezone}"


def covered_hours(reference: Reference) -> frozenset[int] | None:
    """Return the hours of the week that a frozen reference covers.

    None if they are unknown: for a file without times and for a rolling reference.
    """
    if reference.hours and not reference.rolling:
        return frozenset(reference.hours)
    first, last = (clock.parse(time or "") for time in (reference.from_time, reference.to_time))
    if first is None or last is None or reference.rolling:
        return None
    starts = np.arange(first // clock.HOUR, np.ceil(last / clock.HOUR))[:_HOURS]
    return frozenset(hours_of_the_week(starts * clock.HOUR, reference.timezone))


def hour_of_week(moment: float, timezone: str) -> int:
    """Return the hour of the week in a time zone, counted from Monday's first.

    >>> hour_of_week(0.0, "UTC"), hour_of_week(0.0, "Europe/Berlin")
    (72, 73)
    """
    (hour,) = hours_of_the_week([moment], timezone)
    return hour


def described_hours(hours: Iterable[int]) -> str:
    """Describe hours of the week, consecutive ones as a range.

    >>> described_hours([123]), described_hours([22, 23, 24])
    ('Saturdays, 03:00-04:00', 'Mondays, 22:00 to Tuesdays, 01:00')
    >>> described_hours(range(24, 48)), described_hours([1, 30])
    ('Tuesdays', '2 hours of the week')
    """
    ordered = sorted(hours)
    if any(after - before > 1 for before, after in pairwise(ordered)):
        return f"{len(ordered)} hours of the week"
    (first, start), (last, end) = divmod(ordered[0], 24), divmod(ordered[-1], 24)
    if first != last:
        return f"{_DAYS[first]}, {start:02}:00 to {_DAYS[last]}, {end + 1:02}:00"
    return _DAYS[first] if end - start == 23 else f"{_DAYS[first]}, {start:02}:00-{end + 1:02}:00"
