"""Time as the store writes it: UTC, ISO 8601, milliseconds, so that text sorts as time does."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime

_prefixes: dict[int, str] = {}

HOUR, DAY, WEEK = 3600.0, 86_400.0, 604_800.0
"""Seconds."""

UTC_ZONE = "UTC"
"""The time zone that is known where there is no database of them, too."""

_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

EARLIEST, LATEST = -6.2e10, 2.5e11
"""The years 5 to 9892: what `iso` can write, and so is the window around it."""


def iso(seconds: float) -> str:
    """Write `seconds` since the Unix epoch as the store's timestamp.

    >>> iso(1_362_355_200.25)
    '2013-03-04T00:00:00.250Z'
    """
    milliseconds = round(seconds * 1000)
    second, rest = divmod(milliseconds, 1000)
    prefix = _prefixes.get(second)
    if prefix is None:
        # Formatting a date costs a microsecond; within one second it is the same text.
        if len(_prefixes) > 64:
            _prefixes.clear()
        prefix = _prefixes[second] = datetime.fromtimestamp(second, UTC).isoformat()[:19]
    return f"{prefix}.{rest:03d}Z"


def parse(text: object) -> float | None:
    """Read a time: ISO 8601 text, a date, seconds or milliseconds since the epoch; None if none.

    Text without a zone is taken as UTC.

    >>> parse("2013-03-04T01:00:00+01:00")
    1362355200.0
    >>> parse("2013-03-04"), parse(1362355200), parse("soon")
    (1362355200.0, 1362355200.0, None)
    """
    if isinstance(text, bool):
        return None
    if isinstance(text, (int, float)):
        # 1e11 seconds is the year 5138, 1e11 milliseconds is 1973: beyond it they are milliseconds.
        value = text / 1000 if 1e11 < abs(text) < 1e15 else text
        return float(value) if EARLIEST <= value < LATEST else None
    if isinstance(text, date):
        text = text.isoformat()
    if not isinstance(text, str):
        return None
    try:
        moment = datetime.fromisoformat(text.strip())
        value = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
        return value if EARLIEST <= value < LATEST else None
    except (ValueError, OverflowError):
        return None


def now() -> str:
    """Return this moment as the store's timestamp."""
    return iso(time.time())


def short(text: str | None) -> str:
    """Write a stored timestamp for people: the date alone at midnight, seconds where there are any.

    >>> short("2013-03-04T00:00:00.000Z"), short("2013-03-04T10:15:30.250Z")
    ('2013-03-04', '2013-03-04 10:15:30')
    """
    if not text:
        return "-"
    if text[10:] == "T00:00:00.000Z":
        return text[:10]
    return text[: 16 if text[17:19] == "00" else 19].replace("T", " ")


def weekday(text: str) -> str:
    """Write a stored timestamp of these days for people.

    >>> weekday("2024-01-08T09:00:00.000Z")
    'Monday 09:00 UTC'
    """
    moment = datetime.fromisoformat(text)
    return f"{_DAYS[moment.weekday()]} {moment:%H:%M} UTC"


def length(seconds: float) -> str:
    """Write a length of time for people.

    >>> length(90), length(7200), length(4 * 86_400)
    ('90 s', '2 h', '4 d')
    """
    for unit, size in (("d", 86_400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds:.3g} s"
