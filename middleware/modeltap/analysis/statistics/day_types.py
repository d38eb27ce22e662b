"""Day types: groups of similar days of the week, learnt from the blocks of a reference."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from itertools import combinations
from typing import NamedTuple

import numpy as np
import scipy

from modeltap.analysis.model.blocks import Blocks
from modeltap.analysis.model.feature import Feature
from modeltap.analysis.model.local_times import LocalTimes, local_times
from modeltap.analysis.model.reference import Reference, layout
from modeltap.analysis.statistics.distances import JS_OF_CHI2, coarse_each

ALIKE = (0,) * 7
"""The types of Monday to Sunday if no day differs."""

_OTHERS = ((5, 6), (4, 5), (3, 4), (6,), (5,), (4,))
"""Sets of days that may differ from the rest: weekends around the world, or single days of them."""

_MIN_DATES = 2
"""A single date may differ by accident."""

_LEAST = 0.02
"""The smallest distance between day types, two thirds of drift's floor: for less, separate types
would only halve the rows to compare with."""

_CHANCE = 1e-3
"""The p-value below which days differ: by chance in one of a thousand models."""

_CHANCE_OF_ONE = 0.01
"""The p-value for each of two days alone, which is higher because each has half of the rows."""

_MIN_EXPECTED = 5.0
"""Cells with fewer expected rows in the reference are ignored."""


def types_of(times: LocalTimes, day_types: Sequence[int], holidays: Sequence[str]) -> np.ndarray:
    """Return the (n,) day types; holidays have the type of the days that differ from the rest."""
    types = np.array(day_types, dtype=np.int64)[times.weekdays]
    listed = [date.fromisoformat(day).toordinal() for day in holidays]
    return np.where(np.isin(times.dates, listed), max(day_types), types)


def learn_day_types(
    reference: Reference, blocks: Blocks, zone: str, holidays: Sequence[str] = ()
) -> tuple[int, ...]:
    """Return the types of Monday to Sunday: 1 for days that clearly differ from the rest, else 0.

    For each date and each cell of a feature's coarse bins, the gap is the number of rows beyond
    those expected at these hours. A set of days differs if the gaps are larger between its dates
    and the others than within both (an F test over all features), and if no other set of as many
    days of the week differs more.
    """
    if not len(blocks):
        return ALIKE
    times = local_times(blocks.starts, zone)
    listed = [date.fromisoformat(day).toordinal() for day in holidays]
    weekdays = np.where(np.isin(times.dates, listed), 6, times.weekdays)
    known = set(weekdays.tolist())
    hours = np.zeros_like(times.hours) if blocks.days_or_more else times.hours
    dates, places = np.unique(times.dates, return_inverse=True)
    days = np.array([weekdays[places == at][0] for at in range(len(dates))], dtype=np.int64)
    if len(dates) < 4 or len(known) < 2:
        return ALIKE
    slices = layout(reference)
    by_feature = [
        _gaps(cells(feature, blocks.counts[:, slices[feature.name]]), hours, places)
        for feature in reference.features
        if feature.is_tested and not feature.calendar
    ]
    gaps = [feature_gaps for feature_gaps in by_feature if feature_gaps.gaps.shape[1] > 1]
    split = _best(gaps, days, known)
    return ALIKE if split is None else tuple(int(day in split) for day in range(7))


def cells(feature: Feature, counts: np.ndarray) -> np.ndarray:
    """Return (b, cells) counts of (b, bins) counts: coarse bins and special bins.

    Words of texts are not disjoint, so their cells are the texts with and without the most common
    word.
    """
    if feature.kind == "words" and feature.bins < 2:
        return counts[:, :1]  # without repeated words, only the number of texts is known
    if feature.kind == "words":
        common = 1 + int(np.argmax(counts[:, 1 : feature.bins].sum(axis=0)))
        there = counts[:, common]
        return np.stack([there, counts[:, 0] - there], axis=1)
    return np.hstack([coarse_each(feature, counts), counts[:, feature.bins :]])


class _Gaps(NamedTuple):
    """The rows beyond the expected ones by date and cell, and the expected rows."""

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
    """Return the days of the week that differ most from the others, None if none do."""
    candidates = {}
    for split in _OTHERS:
        others = np.isin(days, split)
        if not set(split) <= known or min(others.sum(), (~others).sum()) < _MIN_DATES:
            continue
        strength = _strength(gaps, others)
        if strength.p_value >= _CHANCE or strength.distance <= _LEAST:
            continue
        if len(split) > 1 and not all(_differs(gaps, days, day, split) for day in split):
            continue
        rivals = [
            _strength(gaps, np.isin(days, other)).between
            for other in _sets_of(len(split), sorted(known))
            if set(other) != set(split)
        ]
        if strength.between > max(rivals, default=0.0):
            candidates[split] = strength.p_value
    if not candidates:
        return None
    return min(candidates, key=lambda split: (candidates[split], -len(split)))


def _differs(gaps: Sequence[_Gaps], days: np.ndarray, day: int, split: Sequence[int]) -> bool:
    """Return whether a single day of a split differs from the days outside of it."""
    some = (days == day) | ~np.isin(days, split)
    part = [_Gaps(gap[some], expected[some]) for gap, expected in gaps]
    return _strength(part, days[some] == day).p_value < _CHANCE_OF_ONE


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
        # Gaps common to all these dates do not count as a difference between them.
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
    dispersion = max(1.0, within / within_freedom)
    p = float(scipy.special.fdtrc(freedom, within_freedom, between / freedom / dispersion))
    return _Strength(between - freedom, p, float(distance**0.5))
