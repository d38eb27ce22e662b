"""Local times: dates, weekdays and hours of moments by the clock of a time zone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo, available_timezones

import numpy as np

from modeltap import clock


class LocalTimes(NamedTuple):
    """The local dates (proleptic ordinals), weekdays (Monday is 0) and hours of (n,) moments."""

    dates: np.ndarray
    weekdays: np.ndarray
    hours: np.ndarray


_QUARTER = 900
"""No zone changes its offset within a quarter of an hour."""

_EPOCH = date(1970, 1, 1).toordinal()


def local_times(moments: Sequence[float] | np.ndarray, zone: str) -> LocalTimes:
    """Return the local times of (n,) Unix seconds in an IANA time zone.

    >>> [part.tolist() for part in local_times([1_767_225_600.0], "America/New_York")]
    [[739616], [2], [19]]
    """
    local = seconds = np.asarray(moments, dtype=np.float64)
    quarters, places = np.unique(np.floor(seconds / _QUARTER), return_inverse=True)
    if zone != clock.UTC_ZONE:
        place = ZoneInfo(zone)
        offsets = [_offset(quarter * _QUARTER, place) for quarter in quarters.tolist()]
        local = seconds + np.array(offsets, dtype=np.float64)[places.ravel()]
    dates = np.floor(local / 86_400).astype(np.int64) + _EPOCH
    return LocalTimes(dates, (dates + 6) % 7, (local % 86_400 // 3600).astype(np.int64))


def hours_of_the_week(moments: Sequence[float] | np.ndarray, zone: str) -> set[int]:
    """Return the hours of the week of (n,) moments, 0 to 167 from Monday, in local time.

    >>> hours_of_the_week([1_704_067_200.0], "UTC"), hours_of_the_week([], "UTC")
    ({0}, set())
    """
    quarters = np.unique(np.asarray(moments, dtype=np.float64) // _QUARTER) * _QUARTER
    local = local_times(quarters, zone)
    hours: set[int] = set((local.weekdays * 24 + local.hours).tolist())
    return hours


def _offset(moment: float, place: ZoneInfo) -> float:
    offset = datetime.fromtimestamp(moment, UTC).astimezone(place).utcoffset()
    return offset.total_seconds() if offset is not None else 0.0


_KNOWN_ZONES = (
    "Europe/London",
    "Europe/Berlin",
    "Europe/Athens",
    "America/New_York",
    "America/Chicago",
    "America/Denver",
    "America/Los_Angeles",
    "America/Sao_Paulo",
    "Asia/Dubai",
    "Asia/Kolkata",
    "Asia/Shanghai",
    "Asia/Tokyo",
    "Australia/Sydney",
)
"""Zones of many people, which are suggested first."""


def zone_ahead(zone: str, hours: float, moment: float) -> str | None:
    """Return a time zone whose clock is `hours` ahead of another zone's at a moment, if any.

    >>> zone_ahead("UTC", -5, 1_704_067_200.0), zone_ahead("UTC", 0.3, 1_704_067_200.0)
    ('America/New_York', None)
    """
    wanted = _offset_of(zone, moment) + 3600 * hours
    names = (*_KNOWN_ZONES, *sorted(available_timezones()))
    return next((name for name in names if _offset_of(name, moment) == wanted), None)


def _offset_of(zone: str, moment: float) -> float:
    return 0.0 if zone == clock.UTC_ZONE else _offset(moment, ZoneInfo(zone))
