"""Positions and ticks of an axis, for numbers and for times."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count, takewhile

from modeltap.clock import DAY, HOUR

_STEPS = (1.0, 2.0, 5.0, 10.0)
_TIME_STEPS = (
    60.0,
    300.0,
    900.0,
    HOUR,
    3 * HOUR,
    6 * HOUR,
    12 * HOUR,
    DAY,
    2 * DAY,
    7 * DAY,
    14 * DAY,
)
_MONTHS = (1, 2, 3, 6, 12, 24, 60, 120)

_LARGEST = 1e300
"""The difference of larger numbers would be infinite."""


def is_drawable(value: float | None) -> bool:
    """Return whether a value has a position: infinite ones, NaN and None have none.

    >>> [is_drawable(value) for value in (1.5, float("inf"), float("nan"), None)]
    [True, False, False, False]
    """
    return value is not None and -_LARGEST < value < _LARGEST


@dataclass(frozen=True)
class Scale:
    """A linear map of the values `low` to `high` onto the positions `start` to `end`."""

    low: float
    high: float
    start: float
    end: float

    def at(self, value: float) -> float:
        """Return the position of a value.

        >>> Scale(0, 10, 100, 0).at(2.5)
        75.0
        """
        span = self.high - self.low
        part = 0.5 if span == 0 else (value - self.low) / span
        return self.start + part * (self.end - self.start)

    def ticks(self, most: int = 5) -> list[float]:
        """Return at most about `most` round values within the scale.

        >>> Scale(0, 9.3, 0, 1).ticks(5)
        [0.0, 2.0, 4.0, 6.0, 8.0]
        """
        span = self.high - self.low
        if not span > 0:
            return [self.low]
        rough = span / most
        size = 10.0 ** math.floor(math.log10(rough))
        step = next(factor * size for factor in _STEPS if factor * size >= rough * 0.999)
        first = math.ceil(self.low / step - 1e-9)
        places = max(0, -math.floor(math.log10(step)))
        values = (round(n * step, places) for n in count(first))
        return list(takewhile(lambda value: value <= self.high + step * 1e-9, values))


@dataclass(frozen=True)
class TimeTick:
    """A tick of a time axis: seconds since the epoch, and its label in UTC."""

    seconds: float
    label: str


def time_ticks(low: float, high: float, most: int = 8) -> list[TimeTick]:
    """Return ticks at full minutes, hours, days or months between two times.

    >>> [tick.label for tick in time_ticks(0, 3 * 86_400, 4)]
    ['1970-01-01', '01-02', '01-03', '01-04']
    """
    span = high - low
    step = next((step for step in _TIME_STEPS if span / step <= most), None)
    if step is None:
        return _months(low, high, most)
    first = math.ceil(low / step) * step
    moments = list(takewhile(lambda moment: moment <= high, (first + n * step for n in count())))
    return [
        TimeTick(moment, _label(moment, step, moments[place - 1] if place else None))
        for place, moment in enumerate(moments)
    ]


def _label(moment: float, step: float, before: float | None) -> str:
    time = datetime.fromtimestamp(moment, UTC)
    previous = None if before is None else datetime.fromtimestamp(before, UTC)
    is_new_day = previous is None or previous.date() != time.date()
    is_new_year = previous is None or previous.year != time.year
    day = f"{time:%Y-%m-%d}" if is_new_year else f"{time:%m-%d}"
    if step >= DAY:
        return day
    return f"{day} {time:%H:%M}" if is_new_day else f"{time:%H:%M}"


def _months(low: float, high: float, most: int) -> list[TimeTick]:
    first, last = (datetime.fromtimestamp(moment, UTC) for moment in (low, high))
    months = (last.year - first.year) * 12 + last.month - first.month
    step = next((step for step in _MONTHS if months / step <= most), _MONTHS[-1])
    number = first.year * 12 + first.month - 1
    starts = (
        datetime(month // 12, month % 12 + 1, 1, tzinfo=UTC)
        for month in range(-(-number // step) * step, last.year * 12 + last.month, step)
    )
    return [
        TimeTick(start.timestamp(), f"{start:%Y-%m}")
        for start in starts
        if low <= start.timestamp() <= high
    ]
