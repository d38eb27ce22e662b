"""Timestamps of the store: UTC, ISO 8601, milliseconds, so that text sorts like time."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime

from modeltap.errors import InputError
from modeltap.time_texts import compact_date, moment_of, number_in

_minutes: dict[int, str] = {}
_SECONDS = tuple(f"{second:02d}." for second in range(60))
_MILLISECONDS = tuple(f"{millisecond:03d}Z" for millisecond in range(1000))

HOUR, DAY, WEEK = 3600.0, 86_400.0, 604_800.0
"""Durations in seconds."""

UTC_ZONE = "UTC"
"""The time zone that is available without a time zone database."""

_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

EARLIEST, LATEST = -6.2e10, 2.5e11
"""The years 5 to 9892: times that `iso` can write, with a margin for the surrounding window."""

_STORED = len("2013-03-04T00:00:00.000Z")

_FIRST_DATE, _LAST_DATE = 19_000_101, 20_991_231_235_959
"""Range of numbers of 8, 12 or 14 digits that may be dates.

As counts since the epoch they would be in 1970, 1976 or 2600.
"""

_END_OF_NANOSECONDS = 1e20
_UNITS = ((1e11, 1.0), (1e14, 1e3), (1e17, 1e6), (_END_OF_NANOSECONDS, 1e9))
"""Upper limits of a number since the epoch, with its units per second.

1e11 seconds is the year 5138; 1e11 milliseconds, 1e14 microseconds and 1e17 nanoseconds are 1973.
"""

_EXCEL_EPOCH = 25_569
"""Excel's number of 1970-01-01: days since 1899-12-30."""

EXCEL_FROM, EXCEL_TO = 29_221, 73_051
"""Excel's numbers of 1980-01-01 and 2100-01-01: as seconds they are hours of 1970-01-01."""


def iso(seconds: float) -> str:
    """Format `seconds` since the Unix epoch as a timestamp of the store.

    >>> iso(1_362_355_200.25)
    '2013-03-04T00:00:00.250Z'
    """
    minute, rest = divmod(round(seconds * 1000), 60_000)
    start = _minutes.get(minute)
    if start is None:
        # Cached per minute, because formatting a date takes a microsecond.
        if len(_minutes) > 64:
            _minutes.clear()
        start = _minutes[minute] = datetime.fromtimestamp(minute * 60, UTC).isoformat()[:17]
    return start + _SECONDS[rest // 1000] + _MILLISECONDS[rest % 1000]


def parse(text: object, day_first: bool | None = None) -> float | None:
    """Parse a time into Unix seconds; return None if it is not a time.

    Accepts ISO 8601 text, a date, a count of seconds, milliseconds, microseconds or nanoseconds
    since the epoch (a number or digits), Excel's count of days (a number), RFC 1123, and common
    date formats (`time_texts`). Text without a time zone is UTC.

    Args:
        day_first: True reads 01/02/2024 as 1 February; None rejects such a date.

    >>> parse("2013-03-04T01:00:00+01:00"), parse("Mon, 04 Mar 2013 00:00:00 GMT")
    (1362355200.0, 1362355200.0)
    >>> parse("2013-03-04"), parse(1362355200), parse("1362355200000000"), parse("soon")
    (1362355200.0, 1362355200.0, 1362355200.0, None)
    >>> iso(parse(45291.5))
    '2023-12-31T12:00:00.000Z'
    """
    if isinstance(text, bool):
        return None
    if isinstance(text, (int, float)):
        return _usable(_of_number(text))
    if isinstance(text, date):
        text = text.isoformat()
    if not isinstance(text, str):
        return None
    if len(text) == _STORED and text[10] == "T" and text[-1] == "Z":
        try:
            return _usable(datetime.fromisoformat(text).timestamp())
        except ValueError:
            pass  # another format of the same length
    return _usable(_of_text(text.strip(), day_first))


def stored_time(time: object, name: str = "since") -> str | None:
    """Return the time of an argument as a timestamp of the store; None for None.

    Raises `InputError` if it is not a time.

    >>> stored_time("2013-06-01"), stored_time(None)
    ('2013-06-01T00:00:00.000Z', None)
    >>> stored_time("soon", "at")
    Traceback (most recent call last):
    modeltap.errors.InputError: at 'soon' is not a valid time; write a date such as 2013-03-01
    """
    if time is None:
        return None
    seconds = parse(time)
    if seconds is None:
        raise InputError(f"{name} {time!r} is not a valid time; write a date such as 2013-03-01")
    return iso(seconds)


def _usable(seconds: float | None) -> float | None:
    return seconds if seconds is not None and EARLIEST <= seconds < LATEST else None


def _of_number(number: float) -> float | None:
    if isinstance(number, int) and _FIRST_DATE <= number <= _LAST_DATE:
        moment = compact_date(str(number))
        if moment is not None:
            return moment.timestamp()
    if EXCEL_FROM <= number < EXCEL_TO:
        return (number - _EXCEL_EPOCH) * DAY
    if not abs(number) < _END_OF_NANOSECONDS:
        return None
    unit = next(unit for end, unit in _UNITS if abs(number) < end)
    return number / unit


def _of_text(text: str, day_first: bool | None) -> float | None:
    try:
        # The most common form is tried first: a date with "-" after the year is not a number.
        is_iso = text[4:5] == "-"
        if is_iso and (moment := _iso_moment(text)) is not None:
            return moment.timestamp()
        if (moment := compact_date(text)) is not None:
            return moment.timestamp()
        if (number := number_in(text)) is not None:
            return _of_number(number)
        moment = (None if is_iso else _iso_moment(text)) or moment_of(text, day_first)
        return None if moment is None else moment.timestamp()
    except (ValueError, OverflowError):
        return None


def _iso_moment(text: str) -> datetime | None:
    if text.isdecimal():
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def now() -> str:
    """Return the current time as a timestamp of the store."""
    return iso(time.time())


def short(text: str | None) -> str:
    """Format a stored timestamp for people, without a midnight time and without zero seconds.

    >>> short("2013-03-04T00:00:00.000Z"), short("2013-03-04T10:15:30.250Z")
    ('2013-03-04', '2013-03-04 10:15:30')
    """
    if not text:
        return "-"
    if text[10:] == "T00:00:00.000Z":
        return text[:10]
    return text[: 16 if text[17:19] == "00" else 19].replace("T", " ")


def weekday(text: str) -> str:
    """Format a timestamp for people, with its weekday; a week from now is not today.

    >>> weekday("2024-01-08T09:00:00.000Z")
    'Monday, 2024-01-08 09:00 UTC'
    """
    moment = datetime.fromisoformat(text)
    return f"{_DAYS[moment.weekday()]}, {moment:%Y-%m-%d %H:%M} UTC"


def length(seconds: float) -> str:
    """Format a duration for people.

    >>> length(90), length(7200), length(4 * 86_400)
    ('90 s', '2 h', '4 d')
    """
    for unit, size in (("d", 86_400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds:.3g} s"
