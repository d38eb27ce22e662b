"""The rhythm of a reference: the rows that a window is compared with, by hour and day type."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

import numpy as np
import scipy
from msgspec.structs import replace

from modeltap import clock
from modeltap.analysis.counting.tally import pack, unpack
from modeltap.analysis.model.blocks import Blocks
from modeltap.analysis.model.feature import Feature
from modeltap.analysis.model.local_times import hours_of_the_week, local_times
from modeltap.analysis.model.reference import MIN_BLOCKS, Reference, layout
from modeltap.analysis.statistics.day_types import cells, types_of
from modeltap.analysis.statistics.distances import JS_OF_CHI2
from modeltap.config.windows import Window
from modeltap.store.references import StoredBlock, reference_blocks
from modeltap.store.windows import CountedWindow

_MOST_STEPS = 10_000
"""Steps of a year of hours; more moments of a window add no hours."""

_DAY = 86_400.0
_HOURS = 24
_SATURDAY = 5

ANY = -1
"""The hour of a key for a whole day."""

_NEAR = 2
"""Hours on each side that are pooled before days of other types."""

_MIN_DAYS = 2
"""The least number of days of one type.

A first week has two days of a weekend; pooling them with the five others is what the type avoids.
"""

_MIN_GROUP_ROWS = 500
"""With fewer rows, a comparison with a window of 100 rows loses more than from pooling hours."""

_SMALL = 0.015
"""Half of the least distance that is a drift.

A smaller rhythm costs nothing, and the rows of all hours give more to compare with.
"""

_PART_HOURS = 4
"""Hours per part: a daily wave is nearly constant in each of six parts.

With 24 hours there would be four times as many chance differences.
"""

_CHANCE = 1e-3
"""The chance that a feature without a rhythm is taken for one with a rhythm."""

_MIN_EXPECTED = 1.0
"""Cells with a smaller mean expectation per block do not have a chi-square distribution."""


_MOST_KNOWN = 64
"""References of hours that are kept, a hundred kilobytes each; a day and a weekend have 48."""


class Key(NamedTuple):
    """The day type and the local hour of a block or of a part of a window."""

    day_type: int
    hour: int


@dataclass
class Rhythm:
    """A reference's blocks by their keys.

    Args:
        blocks: as long as the windows that are compared, or shorter.
        holidays: ISO dates that count as the day type that differs most.
    """

    reference: Reference
    blocks: Blocks
    holidays: Sequence[str] = ()
    _compared: dict[frozenset[Key], Reference] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        middles = (self.blocks.starts + self.blocks.ends) / 2
        of_days = self.blocks.days_or_more
        times = local_times(middles if of_days else self.blocks.starts, self.reference.timezone)
        self.dates = times.dates
        self.types = types_of(times, self.reference.day_types, self.holidays)
        self.hours = np.full(len(self.blocks), ANY) if of_days else times.hours
        self._groups: dict[Key, np.ndarray] = {}

    @property
    def keys(self) -> list[Key]:
        """The key of each block."""
        pairs = zip(self.types.tolist(), self.hours.tolist(), strict=True)
        return [Key(day_type, hour) for day_type, hour in pairs]

    @cached_property
    def covered(self) -> frozenset[int] | None:
        """The hours of the week that the blocks cover; None if they are days or absent."""
        if not len(self.blocks) or self.blocks.days_or_more:
            return None
        pairs = zip(self.blocks.starts.tolist(), self.blocks.ends.tolist(), strict=True)
        hours = np.concatenate([np.arange(start, end, clock.HOUR) for start, end in pairs])
        return frozenset(hours_of_the_week(hours, self.reference.timezone))

    def compared(self, spans: Sequence[tuple[float, float]]) -> Reference:
        """Return the reference of a window with these parts, each (start, end) in Unix seconds.

        Features with a rhythm have the counts of the same hours and day types. The bins, and
        everything else that follows from the values of the whole reference, stay.
        """
        if not len(self.blocks) or not any(feature.rhythm for feature in self.reference.features):
            return self.reference
        keys = self.keys_of(spans)
        if keys not in self._compared:
            if len(self._compared) >= _MOST_KNOWN:
                self._compared.pop(next(iter(self._compared)))
            self._compared[keys] = _with_group(self.reference, self.blocks, self.group(keys))
        return self._compared[keys]

    def known(self, spans: Sequence[tuple[float, float]]) -> int:
        """Return the number of blocks that are similar enough to a window to evaluate it.

        If blocks are days, those are the working days or the weekend days, depending on the
        window's days: a first week has only two days of a weekend, even if all days look alike. A
        window that is shorter than a day has none. If blocks are shorter, those are the blocks it
        is compared with.
        """
        if not self.blocks.days_or_more:
            return int(self.group(self.keys_of(spans)).sum()) if len(self.blocks) else 0
        if any(end - start < _DAY for start, end in spans):
            return 0
        middles = (self.blocks.starts + self.blocks.ends) / 2
        days = np.concatenate([self._steps(start, end) for start, end in spans])
        own, window = (
            local_times(moments, self.reference.timezone).weekdays >= _SATURDAY
            for moments in (middles, days)
        )
        return min(int(np.sum(own == kind)) for kind in set(window.tolist()))

    def keys_of(self, spans: Sequence[tuple[float, float]]) -> frozenset[Key]:
        """Return the keys of a window's parts; for a window longer than a day, those of all its
        days."""
        starts = np.concatenate([self._steps(start, end) for start, end in spans])
        times = local_times(starts, self.reference.timezone)
        types = types_of(times, self.reference.day_types, self.holidays).tolist()
        if self.blocks.days_or_more:
            return frozenset(Key(day_type, ANY) for day_type in types)
        pairs = zip(types, times.hours.tolist(), strict=True)
        return frozenset(Key(day_type, hour) for day_type, hour in pairs)

    def _steps(self, start: float, end: float) -> np.ndarray:
        """Return moments in each hour, or in the middle of each day, between `start` and `end`."""
        length = max(1.0, end - start)
        if self.blocks.days_or_more:
            days = max(1, round(length / _DAY))
            return start + length * (np.arange(days) + 0.5) / days
        # A row window may last for weeks.
        step = max(clock.HOUR, length / _MOST_STEPS)
        return np.append(np.arange(start, start + length, step), start + length - 1)

    def group(self, keys: Iterable[Key]) -> np.ndarray:
        """Return the blocks that windows with these keys are compared with: (b,) booleans."""
        return np.asarray(np.any([self._group(key) for key in keys], axis=0))

    def _group(self, key: Key) -> np.ndarray:
        if key not in self._groups:
            self._groups[key] = self._pooled(key)
        return self._groups[key]

    def _pooled(self, key: Key) -> np.ndarray:
        """Return the blocks of a key, pooled with neighbouring hours and then with other day types.

        Pooling stops as soon as there are enough rows.
        """
        hours = self._hours_from(key.hour)
        own, near = self.types == key.day_type, hours <= _NEAR
        groups = [own & (hours <= reach) for reach in range(_NEAR + 1)]
        least = [MIN_BLOCKS] * len(groups)
        if key.hour == ANY:
            groups, least = [own], [_MIN_DAYS]
        groups += [near, np.ones_like(own)]
        for members, blocks in zip(groups, [*least, MIN_BLOCKS, 0], strict=True):
            rows = int(self.blocks.rows[members].sum())
            if members.sum() >= blocks and rows >= _MIN_GROUP_ROWS:
                return np.asarray(members)
        return np.asarray(groups[-1])

    def widening(self, keys: Iterable[Key], moments: np.ndarray) -> Iterator[np.ndarray]:
        """Yield the (n,) moments with these keys, in growing sets.

        First neighbouring hours are added, then days of other types, and finally all moments.
        """
        times = local_times(moments, self.reference.timezone)
        types = types_of(times, self.reference.day_types, self.holidays)
        listed = list(keys)
        hours = np.array([_apart(times.hours, key.hour) for key in listed])
        own = np.array([types == key.day_type for key in listed])
        for reach in range(_NEAR + 1):
            yield np.any(own & (hours <= reach), axis=0)
        yield np.any(hours <= _NEAR, axis=0)
        yield np.ones(len(moments), dtype=bool)

    def other_days(self, first: float, last: float, moments: np.ndarray) -> np.ndarray:
        """Return the (n,) moments on other days than a window's; if there are none, those outside
        it."""
        dates = local_times(moments, self.reference.timezone).dates
        begin, end = local_times([first, last], self.reference.timezone).dates.tolist()
        other = (dates < begin) | (dates > end)
        return other if other.any() else (moments < first) | (moments > last)

    def _hours_from(self, hour: int) -> np.ndarray:
        """Return the distance of each block from an hour of the day, in hours."""
        return _apart(self.hours, hour)


def _apart(hours: np.ndarray, hour: int) -> np.ndarray:
    """Return the distance of each of (n,) hours from an hour of the day."""
    if hour == ANY:
        return np.zeros(len(hours), dtype=np.int64)
    away = np.abs(hours - hour)
    return np.asarray(np.minimum(away, _HOURS - away))


def _with_group(reference: Reference, blocks: Blocks, members: np.ndarray) -> Reference:
    counts = blocks.counts[members].sum(axis=0)
    slices = layout(reference)
    features = []
    for feature in reference.features:
        own = counts[slices[feature.name]]
        # None of these rows may have a text, and so nothing to compare with.
        grouped = feature.rhythm and own.any()
        features.append(replace(feature, counts=tuple(own.tolist())) if grouped else feature)
    return replace(reference, features=tuple(features))


def blocks_for(blocks: Blocks, window: Window) -> Blocks:
    """Return the blocks that windows are compared with.

    If windows last a day or more, blocks are joined to their length, without incomplete ones.
    """
    if window.kind != "seconds" or window.size < _DAY or not len(blocks):
        return blocks
    labels = [window.start(start) for start in blocks.starts.tolist()]
    return blocks.joined(np.array(labels)).complete()


def spans(parts: Iterable[CountedWindow]) -> list[tuple[float, float]]:
    """Return the periods of the parts of a window; for a row window, those of its rows."""
    periods = [
        (part.window_start, part.window_end)
        if part.first_seq is None
        else (part.first_event, part.last_event)
        for part in parts
    ]
    return [(clock.parse(start) or 0.0, clock.parse(end) or 0.0) for start, end in periods]


def pack_blocks(blocks: Blocks) -> Iterator[StoredBlock]:
    """Yield blocks in the store's format."""
    for place in range(len(blocks)):
        ends = clock.iso(float(blocks.starts[place])), clock.iso(float(blocks.ends[place]))
        yield StoredBlock(*ends, int(blocks.rows[place]), pack(blocks.counts[place]))


def unpack_blocks(stored: Sequence[StoredBlock], reference: Reference) -> Blocks:
    """Read the result of `pack_blocks`."""
    bins = sum(len(feature.counts) for feature in reference.features)
    ends = [[clock.parse(text) or 0.0 for text in block[:2]] for block in stored]
    starts, after = np.array(ends, dtype=np.float64).reshape(-1, 2).T
    counts = [unpack(block.counts) for block in stored]
    return Blocks(
        starts,
        after,
        np.array([block.rows for block in stored], dtype=np.int64),
        np.array(counts, dtype=np.int64).reshape(-1, bins),
    )


def stored_rhythm(
    connection: sqlite3.Connection,
    reference: Reference,
    window: str,
    holidays: Sequence[str] = (),
) -> Rhythm:
    """Return the rhythm of a frozen reference for windows of this length, as `Window.text`."""
    blocks = unpack_blocks(reference_blocks(connection, reference.id), reference)
    return Rhythm(reference, blocks_for(blocks, Window.parse(window)), holidays)


def with_rhythm(reference: Reference, *rhythms: Rhythm) -> Reference:
    """Return `reference` with the features marked that have a rhythm in any of these blocks."""
    slices = layout(reference)
    numbered = [_numbered(rhythm) for rhythm in rhythms]
    features = [
        replace(
            feature,
            rhythm=feature.calendar is None
            and any(
                has_rhythm(feature, rhythm.blocks.counts[:, slices[feature.name]], keys)
                for rhythm, keys in zip(rhythms, numbered, strict=True)
            ),
        )
        for feature in reference.features
    ]
    return replace(reference, features=tuple(features))


def _numbered(rhythm: Rhythm) -> list[np.ndarray]:
    """Return the numbers of each block's key and of its part of the day."""
    types = rhythm.types * (_HOURS + 1)
    return [types + rhythm.hours, types + rhythm.hours // _PART_HOURS]


def has_rhythm(feature: Feature, counts: np.ndarray, keys: Sequence[np.ndarray]) -> bool:
    """Return whether (b, bins) counts of blocks differ more between keys than within keys. An F
    test: chi-square for homogeneity of the keys, over that of the blocks within each, both by
    degree of freedom. The effect must also exceed a floor: the keys' mean squared Jensen-Shannon
    distance from the whole is their chi-square beyond that of the blocks, over 8 ln 2 times the
    rows.

    Args:
        keys: numberings of the blocks' keys, (b,) each: fine ones detect a short peak, coarse ones
            a slow wave.
    """
    few = cells(feature, counts)
    few = few[:, few.mean(axis=0) >= _MIN_EXPECTED]
    filled = few.sum(axis=1) > 0
    tests = [_differ(few[filled], numbers[filled]) for numbers in keys]
    return any(p < _CHANCE / len(tests) and square > _SMALL**2 for p, square in tests)


def _differ(few: np.ndarray, keys: np.ndarray) -> tuple[float, float]:
    """Return the p-value that (b, cells) counts are equal in all keys, and their mean square."""
    names, keys = np.unique(keys, return_inverse=True)
    blocks, groups = len(few), len(names)
    if few.shape[1] < 2 or groups < 2 or blocks <= groups:
        return 1.0, 0.0
    rows = few.sum(axis=1)[:, None].astype(np.float64)
    fractions = few.sum(axis=0) / few.sum()
    gaps = few - rows * fractions
    total = float(np.sum(gaps**2 / (rows * fractions)))
    joined, sizes = np.zeros((groups, few.shape[1])), np.zeros((groups, 1))
    np.add.at(joined, keys.ravel(), gaps)
    np.add.at(sizes, keys.ravel(), rows)
    between = float(np.sum(joined**2 / (sizes * fractions)))
    width = few.shape[1] - 1
    freedom, rest = (groups - 1) * width, (blocks - groups) * width
    scale = max(1.0, (total - between) / rest)
    square = JS_OF_CHI2 * (between - scale * freedom) / float(few.sum())
    return float(scipy.special.fdtrc(freedom, rest, between / freedom / scale)), square
