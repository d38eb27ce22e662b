"""Stray event times: a few rows far before all others, from a clock that was never set.

A row of 1970 would otherwise be the first and only row of a reference of seven days. Days with rows
are joined into groups if no long gap lies between them. A group is stray if it is far before the
group with most rows and has few days and few rows. Only the number of rows per day matters, not
their order.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

APART_DAYS = 30
"""Closer groups may be separated by a quiet month."""

_SPANS = 3
"""Groups closer than three times the known period may be a slow feed."""

_FEW_DAYS = 8
"""A week and a day is a backfill, even with few rows."""

FRACTION = 0.02
"""More than one row in fifty is a habit of the clients, and leaving it out would hide it."""

_ROWS, _OF_ROWS = 3, 5
"""With few rows, this many may be stray, but no more than one in five."""

_MOST = 0.2
"""If more rows lie far apart, there is no main group to be far from."""


class _Group(NamedTuple):
    """Days that are close to each other, numbered since 1970."""

    first: int
    last: int
    days: frozenset[int]
    rows: int


def stray_days(rows: Mapping[int, int]) -> frozenset[int]:
    """Return the days (since 1970) whose rows are stray, by the number of rows of each day.

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
    strays: list[_Group] = []
    for group in reversed(groups[:place]):
        if first - group.last <= max(APART_DAYS, _SPANS * length):
            first, length = group.first, length + first - group.first
        elif len(group.days) < _FEW_DAYS and group.rows <= few:
            strays.append(group)
    if sum(group.rows for group in strays) > _MOST * total:
        return frozenset()
    return frozenset(day for group in strays for day in group.days)


def _groups(rows: Mapping[int, int]) -> list[_Group]:
    """Return the days in groups, in order, separated by a month or more without rows."""
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
