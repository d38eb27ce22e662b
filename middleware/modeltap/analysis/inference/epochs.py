"""Numbers that are times: counts since 1970 in any unit, and dates of eight digits."""

from __future__ import annotations

import re

import numpy as np

from modeltap import clock

_NAMED = re.compile(
    r"(?:^|[^a-z])(?:ts|t|epoch|unix|when|dt)(?:$|[^a-z])|time|stamp|date|_at$|[a-z](?-i:At|On)$",
    re.IGNORECASE,
)
_NOT_NAMED = re.compile(r"runtime|timeout|times$|duration|_ms$|update_count", re.IGNORECASE)

_FROM, _TO = 946_684_800.0, 2_208_988_800.0
"""The years 2000 to 2039: a model's requests contain times of these years."""

_UNITS = (1.0, 1e3, 1e6, 1e9)
_MOST = 0.95
_MIN_DATES = 20
"""Fewer numbers of eight digits may all be dates by chance."""


def is_named_time(name: str) -> bool:
    """Return whether a column's name suggests times.

    >>> [is_named_time(name) for name in ("ts", "created_at", "user.signupTime", "tax", "runtime")]
    [True, True, True, False, False]
    """
    return _NAMED.search(name) is not None and _NOT_NAMED.search(name) is None


def are_times(name: str, values: np.ndarray) -> bool:
    """Return whether (n,) finite numbers are times.

    >>> are_times("ts", np.arange(1_704_067_200.0, 1_704_067_300))
    True
    >>> are_times("price", np.arange(1_704_067_200.0, 1_704_067_300)), are_times("ts", np.ones(9))
    (False, False)
    """
    if not len(values):
        return False
    if is_named_time(name):
        return any(_are_of(values / unit) for unit in _UNITS) or _are_dates(values, 1)
    return _are_dates(values, _MIN_DATES)


def _are_of(seconds: np.ndarray) -> bool:
    return bool(np.mean((seconds >= _FROM) & (seconds < _TO)) >= _MOST)


def _are_dates(values: np.ndarray, least: int) -> bool:
    """Return whether all numbers are dates such as 20240131, with `least` distinct ones or more."""
    known = np.unique(values)
    if len(known) < least or not ((known >= 19_000_101) & (known <= 20_991_231)).all():
        return False
    if not np.array_equal(known, np.round(known)):
        return False
    read = [clock.parse(int(value)) for value in known.tolist()]
    return all(moment not in (None, value) for moment, value in zip(read, known, strict=True))
