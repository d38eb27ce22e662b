"""Hours of the week that a window has rows of, and its reference none."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

import numpy as np

from modeltap import clock
from modeltap.analysis.detectors.context import Context
from modeltap.analysis.model.local_times import hours_of_the_week
from modeltap.analysis.model.reference import Reference

_MOST = 0.5
"""Where the reference covers the hours of half of the rows, they are what it is compared by."""

_DAYS = ("Mondays", "Tuesdays", "Wednesdays", "Thursdays", "Fridays", "Saturdays", "Sundays")
_HOURS = 7 * 24


def uncovered(context: Context) -> str | None:
    """Name the hours of most of the window's rows that the reference has none of; else None."""
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
    kept = {place for place, out in zip(places, outside, strict=True) if out}
    return f"{named(kept)} {reference.timezone}"


def covered_hours(reference: Reference) -> frozenset[int] | None:
    """Return the hours of the week that a frozen reference covers.

    None where they are not known: of a file without times, or of a rolling reference.
    """
    if reference.hours and not reference.rolling:
        return frozenset(reference.hours)
    first, last = (clock.parse(time or "") for time in (reference.from_time, reference.to_time))
    if first is None or last is None or reference.rolling:
        return None
    starts = np.arange(first // clock.HOUR, np.ceil(last / clock.HOUR))[:_HOURS]
    return frozenset(hours_of_the_week(starts * clock.HOUR, reference.timezone))


def hour_of_week(moment: float, timezone: str) -> int:
    """Return the hour of the week, from Monday's first, by a zone's clock.

    >>> hour_of_week(0.0, "UTC"), hour_of_week(0.0, "Europe/Berlin")
    (72, 73)
    """
    (hour,) = hours_of_the_week([moment], timezone)
    return hour


def named(hours: Iterable[int]) -> str:
    """Name hours of the week, those in a row together.

    >>> named([123]), named([22, 23, 24])
    ('Saturdays, 03:00-04:00', 'Mondays, 22:00 to Tuesdays, 01:00')
    >>> named(range(24, 48)), named([1, 30])
    ('Tuesdays', '2 hours of the week')
    """
    ordered = sorted(hours)
    if any(after - before > 1 for before, after in pairwise(ordered)):
        return f"{len(ordered)} hours of the week"
    (first, start), (last, end) = divmod(ordered[0], 24), divmod(ordered[-1], 24)
    if first != last:
        return f"{_DAYS[first]}, {start:02}:00 to {_DAYS[last]}, {end + 1:02}:00"
    return _DAYS[first] if end - start == 23 else f"{_DAYS[first]}, {start:02}:00-{end + 1:02}:00"
