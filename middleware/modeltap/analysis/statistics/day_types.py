"""Day types: which days of the week are alike, learnt from a reference's blocks."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from itertools import combinations
from typing import NamedTuple

import numpy as np
from scipy.special import fdtrc

from modeltap.analysis.model.blocks import Blocks
from modeltap.analysis.model.feature import Feature
from modeltap.analysis.model.local_times import LocalTimes, local_times
from modeltap.analysis.model.reference import Reference, layout
from modeltap.analysis.statistics.distances import JS_OF_CHI2

ALIKE = (0,) * 7
"""The types of Monday to Sunday where no day differs."""

_OTHERS = ((5, 6), (4, 5), (3, 4), (6,), (5,), (4,))
"""Days that may differ from the rest: weekends of the world's weeks, or one day of them."""

_MIN_DATES = 2
"""One date that differs may have been an accident."""

_LEAST = 0.02
"""A distance of days below it is two thirds of the floor of drift: two types would only halve the
rows to compare with."""

_CHANCE = 1e-3
"""Days that differ so by chance once in a thousand models are taken as different."""

_CHANCE_OF_ONE = 0.01
"""Each of two days has half of the rows, and is asked less."""

_MIN_EXPECTED = 5.0
"""Cells that expect fewer rows in the reference say nothing."""


def types_of(times: LocalTimes, day_types: Sequence[int], holidays: Sequence[str]) -> np.ndarray:
    """Return the (n,) day types; a holiday has that of the days that differ from the most."""
    found = np.array(day_types, dtype=np.int64)[times.weekdays]
    listed = [date.fromisoformat(one).toordinal() for one in holidays]
    return np.where(np.isin(times.dates, listed), max(day_types), found)


def learn_day_types(
    reference: Reference, blocks: Blocks, zone: str, holidays: Sequence[str] = ()
) -> tuple[int, ...]:
    """Return the types of Monday to Sunday: 1 for days that clearly differ from the rest, else 0.

    Of each date and cell of a feature's coarse bins it is known how many rows more than usual at
    these hours it has. Days differ where these gaps are larger between two sets of dates than
    within them (an F test over all features) and larger than those of any other set of as many
    days of the week, which chance could have made as well.
    """
    if not len(blocks):
        return ALIKE
    times = local_times(blocks.starts, zone)
    listed = [date.fromisoformat(one).toordinal() for one in holidays]
    weekdays = np.where(np.isin(times.dates, listed), 6, times.weekdays)
    known = set(weekdays.tolist())
    hours = np.zeros_like(times.hours) if blocks.days_or_more else times.hours
    dates, places = np.unique(times.dates, return_inverse=True)
    days = np.array([weekdays[places == at][0] for at in range(len(dates))], dtype=np.int64)
    if len(dates) < 4 or len(known) < 2:
        return ALIKE
    slices = layout(reference)
    found = [
        _gaps(cells(feature, blocks.counts[:, slices[feature.name]]), hours, places)
        for feature in reference.features
        if feature.is_tested and not feature.calendar
    ]
    gaps = [one for one in found if one.gaps.shape[1] > 1]
    split = _best(gaps, days, known)
    return ALIKE if split is None else tuple(int(day in split) for day in range(7))


def cells(feature: Feature, counts: np.ndarray) -> np.ndarray:
    """Return (b, cells) counts of (b, bins): the coarse bins, and the special ones by themselves.

    A text's words are no cells, for one text is in many: each is there, or not.
    """
    if feature.kind == "words" and feature.bins < 2:
        return counts[:, :1]  # no word came twice: there are texts, and no more is known
    if feature.kind == "words":
        common = 1 + int(np.argmax(counts[:, 1 : feature.bins].sum(axis=0)))
        there = counts[:, common]
        return np.stack([there, counts[:, 0] - there], axis=1)
    places = np.array(feature.coarse, dtype=np.int64)
    size = int(places.max(initial=-1)) + 1
    few = np.zeros((len(counts), size), dtype=np.int64)
    np.add.at(few.T, places, counts[:, : feature.bins].T)
    return np.hstack([few, counts[:, feature.bins :]])


class _Gaps(NamedTuple):
    """By date the rows beyond those expected in each cell, and those expected."""

    gaps: np.ndarray
    expected: np.ndarray


def _gaps(few: np.ndarray, hours: np.ndarray, dates: np.ndarray) -> _Gaps:
    few = few[:, few.sum(axis=0) >= _MIN_EXPECTED]
    expected = np.zeros(few.shape)
    for hour in np.unique(hours).tolist():
        same = hours == hour
        shares = few[same].sum(axis=0) / max(1, few[same].sum())
        expected[same] = few[same].sum(axis=1)[:, None] * shares
    size = int(dates.max()) + 1
    shape = (size, few.shape[1])
    by_date, gaps = np.zeros(shape), np.zeros(shape)
    np.add.at(by_date, dates, expected)
    np.add.at(gaps, dates, few - expected)
    return _Gaps(gaps, np.maximum(by_date, 1e-9))


def _best(gaps: Sequence[_Gaps], days: np.ndarray, known: set[int]) -> tuple[int, ...] | None:
    """Return the days of the week that differ most from the others, None where none do."""
    found = {}
    for split in _OTHERS:
        others = np.isin(days, split)
        if not set(split) <= known or min(others.sum(), (~others).sum()) < _MIN_DATES:
            continue
        strength = _strength(gaps, others)
        rivals = [
            _strength(gaps, np.isin(days, other)).between
            for other in _sets_of(len(split), sorted(known))
            if set(other) != set(split)
        ]
        clear = strength.p_value < _CHANCE and strength.distance > _LEAST
        if len(split) > 1:
            clear &= all(_differs(gaps, days, one, split) for one in split)
        if clear and strength.between > max(rivals, default=0.0):
            found[split] = strength.p_value
    return min(found, key=lambda split: (found[split], -len(split))) if found else None


def _differs(gaps: Sequence[_Gaps], days: np.ndarray, one: int, split: Sequence[int]) -> bool:
    """Say whether one day of a split differs from the days outside it by itself, too."""
    some = (days == one) | ~np.isin(days, split)
    part = [_Gaps(gap[some], expected[some]) for gap, expected in gaps]
    return _strength(part, days[some] == one).p_value < _CHANCE_OF_ONE


def _sets_of(size: int, known: Sequence[int]) -> list[tuple[int, ...]]:
    return list(combinations(known, size))


class _Strength(NamedTuple):
    between: float
    """The chi-square between the two sets of dates, less its degrees of freedom."""
    p_value: float
    distance: float
    """The largest Jensen-Shannon distance of a feature's two sides."""


def _strength(gaps: Sequence[_Gaps], others: np.ndarray) -> _Strength:
    between = within = freedom = within_freedom = distance = 0.0
    for gap, expected in gaps:
        # What all these dates have in common is no difference between them.
        chi2, cut = -float(np.sum(gap.sum(axis=0) ** 2 / expected.sum(axis=0))), []
        for side in (others, ~others):
            sums, means = gap[side].sum(axis=0), expected[side].sum(axis=0)
            chi2 += float(np.sum(sums**2 / means))
            cut.append(float(means.sum()))
            inner = gap[side] - expected[side] * (sums / means)
            within += float(np.sum(inner**2 / expected[side]))
        own = gap.shape[1] - 1
        between, freedom = between + chi2, freedom + own
        within_freedom += own * (len(gap) - 2)
        sizes = 1 / cut[0] + 1 / cut[1]
        distance = max(distance, JS_OF_CHI2 * max(0.0, chi2 - own) * sizes)
    if within_freedom <= 0 or not freedom:
        return _Strength(0.0, 1.0, 0.0)
    usual = max(1.0, within / within_freedom)
    p = float(fdtrc(freedom, within_freedom, between / freedom / usual))
    return _Strength(between - freedom, p, float(distance**0.5))
