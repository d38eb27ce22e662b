"""Times in text: digits, RFC 1123 and 850, asctime, and common date formats."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache

_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]

_ABBREVIATED_HOURS = {"est": -5, "edt": -4, "cst": -6, "cdt": -5}
_ABBREVIATED_HOURS |= {"mst": -7, "mdt": -6, "pst": -8, "pdt": -7}
"""Time zone names of RFC 822, in hours from UTC. Other abbreviations are ambiguous."""

_MIN_DIGITS = 9
"""Minimum number of digits of a time. Fewer digits are before 1973, or another number."""

_PIVOT = 69
"""POSIX: the years 69 to 99 are in the twentieth century."""

_NUMBER = re.compile(r"-?\d+(?:\.\d*)?(?:[eE][+-]?\d+)?")
_COMPACT = re.compile(r"(19|20)\d\d(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])")
_DATE = r"""
    (?:(?P<year>\d{4})[-/.](?P<month>\d\d?)[-/.](?P<day>\d\d?)
    |(?P<cjk_year>\d{4})\s?[年년]\s?(?P<cjk_month>\d\d?)\s?[月월]\s?(?P<cjk_day>\d\d?)\s?[日일]
    |(?P<one>\d\d?)(?P<mark>[-/.])(?P<two>\d\d?)(?P=mark)(?P<short>\d{4}|\d\d)
    |(?P<named_day>\d\d?)(?:st|nd|rd|th)?[-/.\ ]+(?P<name>[a-z]{3})[a-z]*[-/.,\ ]+(?P<y1>\d{4}|\d\d)
    |(?P<us_name>[a-z]{3})[a-z]*\.?[-/\ ]+(?P<us_day>\d\d?)(?:st|nd|rd|th)?
        [-/,\ ]+(?P<us_year>\d{4})
    )"""
_CLOCK = r"""
    (?P<hour>\d\d?)[:.h](?P<minute>\d\d)(?:[:.](?P<second>\d\d)(?:[.,:](?P<fraction>\d{1,9}))?)?
    (?:\s*(?P<half>[ap])\.?m\b\.?)?"""
_ZONE = r"(?:utc|gmt|z)?\s*(?P<offset>[+-]\d\d?(?::?\d\d)?)?(?:\s*(?P<abbreviation>[a-z]{1,5}))?"
_WHOLE = rf"(?:[a-z]+,?\ +)?{_DATE}(?:[\sT:,]+(?:at\s+)?{_CLOCK})?\s*{_ZONE}\s*"
"""Not compiled here: it takes 2 ms, and most apps that import this parse no date."""

_ORDERED = re.compile(r"(?:[a-z]+,?\s+)?\d\d?([-/])\d\d?\1\d\d", re.I)
"""Numeric dates in which the order of day and month differs by country."""

_ASCTIME = (
    r"[a-z]{3}\s+(?P<name>[a-z]{3})\s+(?P<day>\d\d?)\s+(?P<time>[\d:.]+)\s+"
    r"(?P<zone>(?!\d{4}\b)\S+\s+)?(?P<year>\d{4})"
)
_EXTRA = re.compile(r"\s*(?:\[[^\]]*\]|\([^)]*\))\s*$")
"""The zone's name after its offset, as written by Java and JavaScript."""

_DOT_NET = re.compile(r"/Date\((-?\d+)(?:[+-]\d{4})?\)/")


def number_in(text: str) -> float | int | None:
    """Parse digits as a count of s, ms, us or ns since 1970; return None for other texts.

    >>> number_in("1704067200"), number_in("1704067200.5"), number_in("42")
    (1704067200, 1704067200.5, None)
    """
    if (wrapped := _DOT_NET.fullmatch(text)) is not None:
        return int(wrapped[1])
    if _NUMBER.fullmatch(text) is None:
        return None
    if text.isdecimal():
        return int(text) if _MIN_DIGITS <= len(text) < 20 else None
    number = float(text)
    return number if abs(number) >= 10 ** (_MIN_DIGITS - 1) else None


def compact_date(digits: str) -> datetime | None:
    """Parse a date of 8, 12 or 14 digits; return None if it is not one.

    >>> compact_date("20240131"), compact_date("1704067200")
    (datetime.datetime(2024, 1, 31, 0, 0, tzinfo=datetime.timezone.utc), None)
    """
    if len(digits) not in (8, 12, 14) or _COMPACT.match(digits) is None:
        return None
    try:
        return datetime.strptime(digits + "000000"[: 14 - len(digits)], "%Y%m%d%H%M%S").replace(
            tzinfo=UTC
        )
    except ValueError:
        return None


@lru_cache(maxsize=1024)
def moment_of(text: str, day_first: bool | None = None) -> datetime | None:
    """Parse a time in a common format; text without a time zone is UTC.

    Args:
        day_first: True reads 01/02/2024 as 1 February; None rejects ambiguous dates. In dates
            with dots the day is always first.

    >>> moment_of("Sun, 06 Nov 1994 08:49:37 GMT").isoformat()
    '1994-11-06T08:49:37+00:00'
    >>> moment_of("31.01.2024 10:30").isoformat(), moment_of("01/02/2024")
    ('2024-01-31T10:30:00+00:00', None)
    """
    text = _EXTRA.sub("", text)
    if (written := re.fullmatch(_ASCTIME, text, re.I)) is not None:
        text = "{day} {name} {year} {time} {zone}".format(**written.groupdict(default=""))
    parts = re.fullmatch(_WHOLE, text, re.VERBOSE | re.I)
    if parts is None:
        return None
    zone, date = _zone(parts), _date(parts, day_first)
    if zone is None or date is None:
        return None
    try:
        return datetime(*date, *_clock(parts), tzinfo=zone)
    except ValueError:
        return None


def order_in(text: str) -> bool | None:
    """Return True if a numeric date has its day first; None if ambiguous or not a date.

    >>> order_in("31/01/2024"), order_in("01/31/2024"), order_in("01/02/2024")
    (True, False, None)
    """
    # The first pattern quickly rejects most texts.
    parts = _ORDERED.match(text) and re.fullmatch(_WHOLE, text, re.VERBOSE | re.I)
    if parts is None or parts["one"] is None:
        return None
    first, second = int(parts["one"]), int(parts["two"])
    return None if (first > 12) == (second > 12) else first > 12


def _date(parts: re.Match[str], day_first: bool | None) -> tuple[int, int, int] | None:
    if parts["year"] is not None:
        return int(parts["year"]), int(parts["month"]), int(parts["day"])
    if parts["cjk_year"] is not None:
        return int(parts["cjk_year"]), int(parts["cjk_month"]), int(parts["cjk_day"])
    if (name := parts["name"] or parts["us_name"]) is not None:
        if name.lower() not in _MONTHS:
            return None
        day, year = parts["named_day"] or parts["us_day"], parts["y1"] or parts["us_year"]
        return _year(year), _MONTHS.index(name.lower()) + 1, int(day)
    first, second, year = int(parts["one"]), int(parts["two"]), _year(parts["short"])
    if parts["mark"] == ".":
        # Other numbers with dots are version numbers.
        written_out = len(parts["short"]) == 4 or len(parts["one"] + parts["two"]) == 4
        return (year, second, first) if written_out else None
    if day_first is None:
        day_first = True if first == second else order_in(f"{first}/{second}/{year}")
    if day_first is None:
        return None
    return (year, second, first) if day_first else (year, first, second)


def _year(text: str) -> int:
    year = int(text)
    if len(text) == 4:
        return year
    return year + (1900 if year >= _PIVOT else 2000)


def _clock(parts: re.Match[str]) -> tuple[int, int, int, int]:
    if parts["hour"] is None:
        return 0, 0, 0, 0
    hour = int(parts["hour"])
    if parts["half"] is not None:
        if not 1 <= hour <= 12:
            raise ValueError(f"hour {hour} with am or pm")
        hour = hour % 12 + (12 if parts["half"].lower() == "p" else 0)
    fraction = (parts["fraction"] or "").ljust(6, "0")[:6]
    return hour, int(parts["minute"]), int(parts["second"] or 0), int(fraction)


def _zone(parts: re.Match[str]) -> timezone | None:
    """Return the time zone; None if its name is unknown."""
    name = (parts["abbreviation"] or "").lower()
    if parts["offset"] is not None:
        # A name after an offset is redundant.
        digits = parts["offset"][1:].replace(":", "")
        hours, minutes = int(digits[:2]), int(digits[2:] or 0)
        if hours > 23 or minutes > 59:
            return None
        sign = -1 if parts["offset"][0] == "-" else 1
        return timezone(sign * timedelta(hours=hours, minutes=minutes))
    if name in _ABBREVIATED_HOURS:
        return timezone(timedelta(hours=_ABBREVIATED_HOURS[name]))
    return None if name else UTC
