"""Calendar columns: columns that the time alone determines, such as an hour or a weekday.

They change with the clock and add no information: windows are compared by hour and day anyway.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any, NamedTuple

import numpy as np

from modeltap.analysis.model.feature import Column, Feature, plain
from modeltap.analysis.model.local_times import LocalTimes, local_times
from modeltap.config.metrics import is_output
from modeltap.decoding.row_tables import picked
from modeltap.number_texts import Style, number_of

_MOST_ROWS = 20_000
"""Rows that are checked: a column that follows the clock does so everywhere."""

_MIN_ROWS = 50
"""Fewer rows may follow the clock by chance."""

_AGREE = 0.98
"""Clocks differ by seconds, so one row in fifty may fall into the neighbouring hour."""

_UNEXPLAINED = 0.002
"""The unexplained fraction of a number's variance within ten minutes of the day.

For a sine of the hour it is 0.0002.
"""

_TEN_MINUTES = 600

_MIN_DATES = 3
"""A value that is read once an hour, such as the weather, repeats in that hour of one day only."""

_MIN_WEEKS = 2

_MIN_VALUES = 3
"""Two values may follow the hour because a nightly job sends one of them."""

_SHIFTS: tuple[int, ...] = (0, *range(-12, 0), *range(1, 15))
"""Whole hours between the column's clock and the reference's."""

_NAMED = re.compile(r"hour|week|day|month|quarter|year|date|dow|doy", re.IGNORECASE)

_EPOCHS = (1.0, 1e3, 1e6, 1e9)
"""Units per second of numbers that count from 1970."""

_NEAR_SECONDS = 86_400.0


_TYPES = {int, float, str, bool}
"""The types of values that are checked."""

_FIRST_LOOK, _FIRST_AGREE = 200, 0.9
"""Rows that are checked first, and the fraction that must agree before all are checked."""

_Part = Callable[[LocalTimes], np.ndarray]
"""A part of the calendar as a number."""


class Calendar(NamedTuple):
    """The part of the calendar that determines a column, and the hours its clock is ahead."""

    part: str
    shift: int = 0


def calendar_of(
    feature: Feature, column: Column, moments: np.ndarray, zone: str
) -> Calendar | None:
    """Return the part of the calendar that determines a column of the reference, or None.

    Args:
        column: (n,) values.
        moments: (n,) Unix seconds, NaN where unknown.

    >>> hours = np.arange(24 * 21)
    >>> feature = Feature(name="h", kind="numeric", counts=())
    >>> calendar_of(feature, (hours % 24).tolist(), 3600.0 * hours + 60, "UTC")
    Calendar(part='hour', shift=0)
    """
    if not feature.is_tested or feature.of is not None or is_output(feature.name):
        return None
    known = np.flatnonzero(~np.isnan(moments))
    if len(known) < _MIN_ROWS:
        return None
    step = -(-len(known) // _MOST_ROWS)
    places, listed = known[::step], plain(column)
    values = picked(listed, places.tolist())
    if not set(map(type, values)) <= _TYPES:
        some = [at for at, value in enumerate(values) if type(value) in _TYPES]
        values, places = [values[at] for at in some], places[some]
    if len(values) < _MIN_ROWS:
        return None
    if feature.texts:
        values = [_read(value, feature.texts) for value in values]
    clocks = _clocks(moments[places].tobytes(), zone)
    if {type(value) for value in values} <= {int, float}:
        try:
            numbers = np.array(values, dtype=np.float64)
        except OverflowError:  # no calendar has such a number
            return None
        return _of_numbers(feature.name, numbers, clocks)
    return _of_words(feature.name, list(map(str, values)), clocks)


def _read(value: Any, style: Style) -> Any:
    """Return a value, or its number if it is a text of one."""
    if type(value) is not str:
        return value
    number = number_of(value, style)
    return value if number is None else number


class _Repeating(NamedTuple):
    """A part of the calendar: (n,) the place of each row's code, and (codes,) numbers of rows."""

    part: str
    places: np.ndarray
    rows: np.ndarray


@dataclass
class _Clocks:
    """Rows' local times, by clocks that are ahead of the zone's by whole hours."""

    moments: np.ndarray
    zone: str

    def __post_init__(self) -> None:
        self._sample = slice(None, None, -(-len(self.moments) // _FIRST_LOOK))
        self._known: dict[int, LocalTimes] = {}
        self._sampled: dict[_Part, np.ndarray] = {}

    def at(self, shift: int) -> LocalTimes:
        """Return the local times of all rows."""
        if shift not in self._known:
            self._known[shift] = local_times(self.moments + 3600.0 * shift, self.zone)
        return self._known[shift]

    def shift_of(self, values: np.ndarray, of: _Part) -> int | None:
        """Return the hours by which the values' clock is ahead; None if no clock fits."""
        agreed = np.mean(self._parts(of) == values[self._sample], axis=1)
        for place in np.flatnonzero(agreed >= _FIRST_AGREE).tolist():
            if np.mean(of(self.at(_SHIFTS[place])) == values) >= _AGREE:
                return _SHIFTS[place]
        return None

    def _parts(self, of: _Part) -> np.ndarray:
        """Return (shifts, n) parts of the calendar of a sample of rows."""
        if of not in self._sampled:
            moments = self.moments[self._sample]
            times = (local_times(moments + 3600.0 * shift, self.zone) for shift in _SHIFTS)
            self._sampled[of] = np.stack([of(local) for local in times])
        return self._sampled[of]

    @cached_property
    def repeating(self) -> list[_Repeating]:
        """The parts of the day and of the week that occur often enough to be compared."""
        local = self.at(0)
        parts = (np.floor(self.moments) % 86_400 // _TEN_MINUTES).astype(np.int64)
        weeks = (local.dates - local.weekdays) // 7
        return [
            _Repeating(part, *np.unique(codes, return_inverse=True, return_counts=True)[1:])
            for part, codes, dates, least in (
                ("hour", parts, local.dates, _MIN_DATES),
                ("hour", local.hours, local.dates, _MIN_DATES),
                ("weekday", local.weekdays, weeks, _MIN_WEEKS),
            )
            if _often_enough(codes, dates, least)
        ]


@lru_cache(maxsize=1)
def _clocks(moments: bytes, zone: str) -> _Clocks:
    """Return the clocks of rows; most columns of a reference have values in the same rows."""
    return _Clocks(np.frombuffer(moments, dtype=np.float64), zone)


def _of_numbers(name: str, values: np.ndarray, clocks: _Clocks) -> Calendar | None:
    for unit in _EPOCHS:
        if np.mean(np.abs(values / unit - clocks.moments) < _NEAR_SECONDS) >= _AGREE:
            return Calendar("time")
    if not np.isfinite(values).all():
        return None
    return _numbered(name, values, clocks) or _repeated(values, clocks)


def _of_words(name: str, values: Sequence[str], clocks: _Clocks) -> Calendar | None:
    lowered = [value.lower() for value in values]
    for part, names, of in _NAMES:
        if set(lowered) <= set(names):
            codes = np.array([names.index(value) % (len(names) // 2) for value in lowered])
            if (shift := clocks.shift_of(codes, of)) is not None:
                return Calendar(part, shift)
    if set(lowered) <= {"true", "false"}:
        return _weekend(name, np.array([value == "true" for value in lowered]), clocks)
    numbers = {word: float(place) for place, word in enumerate(sorted(set(lowered)))}
    return _repeated(np.array([numbers[word] for word in lowered]), clocks)


_DAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
_MONTHS = ["january", "february", "march", "april", "may", "june"]
_MONTHS += ["july", "august", "september", "october", "november", "december"]

_NAMES: tuple[tuple[str, list[str], _Part], ...] = (
    ("weekday", [*_DAYS, *(name[:3] for name in _DAYS)], lambda t: t.weekdays),
    ("month", [*_MONTHS, *(name[:3] for name in _MONTHS)], lambda t: _dates(t).months - 1),
)
"""Full names and abbreviations of three letters."""


class _Dates(NamedTuple):
    years: np.ndarray
    months: np.ndarray
    days: np.ndarray
    days_of_year: np.ndarray


_EPOCH_DAY = 719_163
"""1970-01-01 as a proleptic ordinal."""


def _dates(times: LocalTimes) -> _Dates:
    days = (times.dates - _EPOCH_DAY).astype("datetime64[D]")
    months, years = days.astype("datetime64[M]"), days.astype("datetime64[Y]")
    return _Dates(
        years.astype(np.int64) + 1970,
        months.astype(np.int64) % 12 + 1,
        (days - months).astype(np.int64) + 1,
        (days - years).astype(np.int64) + 1,
    )


_NUMBERS: tuple[tuple[str, _Part, tuple[int, ...]], ...] = (
    ("hour", lambda t: t.hours, (0,)),
    ("weekday", lambda t: t.weekdays, (0, 1)),
    ("weekday", lambda t: (t.weekdays + 1) % 7, (0, 1)),
    ("day", lambda t: _dates(t).days, (0, -1)),
    ("month", lambda t: _dates(t).months, (0, -1)),
    ("quarter", lambda t: (_dates(t).months - 1) // 3, (0, 1)),
    ("year", lambda t: _dates(t).years, (0, -1900, -2000)),
    ("day of the year", lambda t: _dates(t).days_of_year, (0, -1)),
    ("week", lambda t: (_dates(t).days_of_year + 9 - t.weekdays) // 7, (0, 1)),
)
"""Parts of the calendar as numbers, with the offsets in common use."""


def _numbered(name: str, values: np.ndarray, clocks: _Clocks) -> Calendar | None:
    """Return the part of the calendar that the values number."""
    if not np.array_equal(values, np.round(values)):
        return None
    varied = len(np.unique(values)) >= _MIN_VALUES
    for part, of, offsets in _NUMBERS:
        for offset in offsets:
            shift = clocks.shift_of(values - offset, of)
            if shift is not None and (varied or _NAMED.search(name)):
                return Calendar(part, shift)
    if set(values.tolist()) <= {0.0, 1.0}:
        return _weekend(name, values == 1, clocks)
    return None


def _weekend(name: str, values: np.ndarray, clocks: _Clocks) -> Calendar | None:
    """Return the weekend if booleans mark it.

    Either the rows include a weekend and another day, or the column's name mentions it.
    """
    shift = clocks.shift_of(values, _is_weekend)
    seen = len(np.unique(values)) > 1 and len(np.unique(clocks.at(0).dates)) >= 7
    return (
        Calendar("weekend", shift)
        if shift is not None and (seen or _is_named_weekend(name))
        else None
    )


def _is_weekend(times: LocalTimes) -> np.ndarray:
    return np.asarray(times.weekdays >= 5)


def _is_named_weekend(name: str) -> bool:
    return "weekend" in name.lower()


def _repeated(values: np.ndarray, clocks: _Clocks) -> Calendar | None:
    """Return the hour or the weekday if its values repeat on several dates."""
    known, kinds = np.unique(values, return_inverse=True)
    if len(known) < _MIN_VALUES:
        return None
    for repeating in clocks.repeating:
        if _determines(repeating, values, kinds, len(known)):
            return Calendar(repeating.part)
    return None


def _often_enough(codes: np.ndarray, dates: np.ndarray, least: int) -> bool:
    """Return whether codes differ, and almost all rows have a code that occurs on enough dates."""
    span = int(dates.max() - dates.min()) + 1
    pairs = np.unique(codes * span + dates - dates.min())
    names, times = np.unique(pairs // span, return_counts=True)
    often = names[times >= least]
    return len(often) >= _MIN_VALUES and float(np.mean(np.isin(codes, often))) > _AGREE


def _determines(repeating: _Repeating, values: np.ndarray, kinds: np.ndarray, known: int) -> bool:
    """Return whether a code determines the value, or almost all of a number's variance.

    Args:
        kinds: (n,) the place of each value among the `known` distinct ones.
    """
    _, places, rows = repeating
    means = np.bincount(places, values, minlength=len(rows)) / rows
    total = float(np.var(values))
    if total > 0 and float(np.mean((values - means[places]) ** 2)) <= _UNEXPLAINED * total:
        return True
    if known > 2 * len(rows):
        return False
    table = np.bincount(places * known + kinds, minlength=len(rows) * known).reshape(-1, known)
    commonest = float(table.sum(axis=0).max()) / len(values)
    missed = 1 - float(table.max(axis=1).sum()) / len(values)
    return missed <= (1 - _AGREE) * (1 - commonest)
