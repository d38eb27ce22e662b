"""Stray event times: a few rows far before all others, from a clock that was never set.

A row of 1970 would be the first one of a reference of seven days, and its only one. Days with rows
are joined where no long time lies between them; what lies apart, before the days with most rows,
is few days and few rows is stray. It depends on how many rows each day has, in no order.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

APART_DAYS = 30
"""Nearer days may be a quiet month."""

_SPANS = 3
"""Nearer than three times the length of what is known, days may be a slow feed's."""

_FEW_DAYS = 8
"""A week and a day is a backfill, however few its rows are."""

FRACTION = 0.02
"""More rows than one in fifty are a habit of the clients: leaving them out would hide it."""

_ROWS, _OF_ROWS = 3, 5
"""Of few rows as many may be stray, but no more than one in five."""

_MOST = 0.2
"""Where more rows lie apart from each other, there is no bulk to be far from."""


class _Group(NamedTuple):
    """Days that are near to each other, by their number since 1970."""

    first: int
    last: int
    days: frozenset[int]
    rows: int


def stray_days(rows: Mapping[int, int]) -> frozenset[int]:
    """Return the days (since 1970) whose rows are stray, of all days with so many rows each.

    >>> sorted(stray_days({0: 1, 19_700: 900, 19_701: 800}))
    [0]
    """
    groups = _groups(rows)
    if len(groups) < 2:
        return frozenset()
    total = sum(rows.values())
    few = max(FRACTION * total, min(_ROWS, total // _OF_ROWS))
    place = max(range(len(groups)), key=lambda at: (groups[at].rows, at))
    first, length = groups[place].first, groups[-1].last - groups[place].first
    found: list[_Group] = []
    for group in reversed(groups[:place]):
        if first - group.last <= max(APART_DAYS, _SPANS * length):
            first, length = group.first, length + first - group.first
        elif len(group.days) < _FEW_DAYS and group.rows <= few:
            found.append(group)
    if sum(group.rows for group in found) > _MOST * total:
        return frozenset()
    return frozenset(day for group in found for day in group.days)


def _groups(rows: Mapping[int, int]) -> list[_Group]:
    """Return the days in groups, in order: a month without rows lies between two of them."""
    groups: list[list[int]] = []
    for day in sorted(rows):
        if groups and day - groups[-1][-1] <= APART_DAYS:
            groups[-1].append(day)
        else:
            groups.append([day])
    return [
        _Group(days[0], days[-1], frozenset(days), sum(map(rows.__getitem__, days)))
        for days in groups
    ]
