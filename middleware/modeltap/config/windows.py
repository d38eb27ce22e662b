"""Windows: periods aligned to the epoch or to the calendar, or fixed numbers of rows."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Literal

import msgspec

from modeltap.errors import ConfigError

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_MONTHS = {"month": 1, "quarter": 3, "year": 12}
_DAY = 86_400
_MONTH_DAYS = 365.25 / 12

AUTO = "auto"
"""Default of the option `window`: an hour, or a day for drift if traffic is low."""

MONDAY = 4 * _DAY
"""The Unix epoch was a Thursday; windows of whole weeks start on Mondays."""


class Window(msgspec.Struct, frozen=True):
    """The window length of a model, in seconds, months or rows.

    Time windows are half-open and in UTC. Windows of seconds are aligned to the Unix epoch
    (windows of full weeks to Monday), windows of months to the year.

    >>> Window.parse("90m"), Window.parse("1 quarter").text, Window.parse("5000 rows").text
    (Window(kind='seconds', size=5400), '1 quarter', '5000 rows')
    """

    kind: Literal["seconds", "months", "rows"]
    size: int

    @classmethod
    def parse(cls, text: str) -> Window:
        """Parse the `window` option (``auto`` is an hour); raise `ConfigError` if invalid."""
        if text.strip() == AUTO:
            return cls("seconds", 3600)
        if match := re.fullmatch(r"\s*(\d+)\s*rows?\s*", text):
            if int(match[1]) >= 2:
                return cls("rows", int(match[1]))
        elif match := re.fullmatch(r"\s*(\d+)\s*(month|quarter|year)s?\s*", text):
            months = int(match[1]) * _MONTHS[match[2]]
            if months and 12 % months == 0:
                return cls("months", months)
        elif (seconds := _seconds(text)) is not None:
            return cls("seconds", seconds)
        raise ConfigError(
            f"option window = {text!r} is invalid: must be a duration such as '1h' or '7d', "
            "'1 month', '1 quarter' or '1 year', or a number of rows such as '5000 rows'"
        )

    @property
    def text(self) -> str:
        """The canonical text of this length, as stored."""
        if self.kind == "rows":
            return f"{self.size} rows"
        units = _MONTHS if self.kind == "months" else {u: _SECONDS[u] for u in "mhd"}
        unit, size = [(u, s) for u, s in units.items() if self.size % s == 0][-1]
        count = self.size // size
        return f"{count}{unit}" if self.kind == "seconds" else f"{count} {unit}{'s'[: count - 1]}"

    @property
    def clocked(self) -> Window:
        """The length for traffic metrics, which use time windows: an hour for row windows."""
        return Window("seconds", 3600) if self.kind == "rows" else self

    @property
    def a_week(self) -> float | None:
        """Number of windows per week; None for row windows.

        >>> Window.parse("1h").a_week, Window.parse("7d").a_week, Window.parse("500 rows").a_week
        (168.0, 1.0, None)
        """
        days = {"seconds": self.size / _DAY, "months": self.size * _MONTH_DAYS}
        return 7 / days[self.kind] if self.kind in days else None

    def start(self, moment: float) -> float:
        """Return the start (Unix seconds) of the window that contains `moment`.

        >>> from modeltap.clock import iso
        >>> iso(Window.parse("7d").start(1_362_500_000.0))
        '2013-03-04T00:00:00.000Z'
        >>> iso(Window.parse("1 quarter").start(1_362_500_000.0))
        '2013-01-01T00:00:00.000Z'
        """
        if self.kind == "seconds":
            return (moment - self.offset) // self.size * self.size + self.offset
        date = datetime.fromtimestamp(moment, UTC)
        return _month(date.year, (date.month - 1) // self.size * self.size + 1)

    def end(self, start: float) -> float:
        """Return the end of the window that starts at `start`."""
        if self.kind == "seconds":
            return start + self.size
        date = datetime.fromtimestamp(start, UTC)
        months = date.month - 1 + self.size
        return _month(date.year + months // 12, months % 12 + 1)

    @property
    def offset(self) -> int:
        """Seconds from the epoch to the start of a window."""
        return MONDAY if self.kind == "seconds" and self.size % (7 * _DAY) == 0 else 0

    def sums(self, other: Window) -> bool:
        """Return True if each window is a sum of complete windows of `other`.

        >>> Window.parse("7d").sums(Window.parse("1h")), Window.parse("1h").sums(Window.parse("7d"))
        (True, False)
        """
        if "rows" in (self.kind, other.kind) or self == other:
            return False
        if other.kind == "months":
            return self.kind == "months" and self.size % other.size == 0
        if self.kind == "months":
            return _DAY % other.size == 0
        return self.size % other.size == 0 and (self.offset - other.offset) % other.size == 0


def parse_seconds(text: str, option: str) -> float:
    """Parse a duration such as ``"30m"``, ``"1h"`` or ``"7d"``; raise `ConfigError` if invalid.

    >>> parse_seconds("7d", "retention")
    604800.0
    """
    seconds = _seconds(text)
    if seconds is None:
        raise ConfigError(
            f"{option} {text!r} is not a valid duration; write one such as '1h' or '7d'"
        )
    return float(seconds)


def _seconds(text: str) -> int | None:
    match = re.fullmatch(r"\s*(\d+)\s*(s|m|h|d|w)\s*", text)
    return int(match[1]) * _SECONDS[match[2]] or None if match else None


def _month(year: int, month: int) -> float:
    return datetime(year, month, 1, tzinfo=UTC).timestamp()
