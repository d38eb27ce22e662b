"""Rolling references: the time before a window, or the same hours of the week before."""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from msgspec.structs import replace

from modeltap import clock
from modeltap.analysis.counting.tally import Tally, unpack
from modeltap.analysis.inference.infer import MIDDLE_HALF, OUTLIER
from modeltap.analysis.model.feature import Feature
from modeltap.analysis.model.reference import MIN_BLOCKS, Reference
from modeltap.analysis.references.clean_time import ALL_TIME, CleanTime, Span, clean_times
from modeltap.analysis.references.variation import with_block_baselines
from modeltap.analysis.statistics.quantiles import quantile, span
from modeltap.config.reference_settings import ReferenceSettings, parse_reference
from modeltap.store.windows import CountedWindow, Series, windows_between

_HOURS_OF_WEEK = 168

_MOST_MISSING = 0.5
"""The missing fraction of the time before that is allowed.

Half a week shows how far a window normally lies from a full one; the same hours of the week before
are either present or not.
"""

_unpacked = lru_cache(maxsize=512)(Tally.unpack)
"""Each window precedes many others and is unpacked for each of them; a few kilobytes each."""

_MAX_BLOCKS = _HOURS_OF_WEEK
"""Earlier windows that the baseline is learnt from: all hours of a week, including its nights."""


def rolled(
    connection: sqlite3.Connection,
    reference: Reference,
    series: Series,
    start: str,
    end: str,
    min_rows: int,
) -> Reference | None:
    """Return the reference of the window from `start` to `end`; None if it has too few rows.

    The bins are the frozen ones, and the counts are sums of earlier windows. The baseline is the
    distance of earlier windows from their own comparisons. Features with incidents use their clean
    time for both.
    """
    begin, finish = clock.parse(start) or 0.0, clock.parse(end) or 0.0
    asked = parse_reference(reference.rolling)
    clean = clean_times(connection, reference, series, start)
    views = dict.fromkeys([ALL_TIME, clean.repeats, *clean.features.values()])
    oldest = min(_oldest(asked, view, begin, finish) for view in views)
    history = _History(connection, series, oldest, begin)
    rolling = _Rolling(reference, history, asked, begin, finish, min_rows)
    general = rolling.reference_for(ALL_TIME)
    if general is None:
        return None
    others = (view for view in views if view != ALL_TIME)
    known = {ALL_TIME: general} | {view: rolling.reference_for(view) or general for view in others}
    features = [known[clean.of(feature.name)].by_name[feature.name] for feature in general.features]
    repeats = known[clean.repeats].baseline_repeats
    return replace(general, features=tuple(features), baseline_repeats=repeats)


def _oldest(asked: ReferenceSettings, view: CleanTime, begin: float, finish: float) -> float:
    """Return the oldest start of the windows that are needed, including earlier windows'
    comparisons."""
    own = view.before(begin, asked.seconds)
    compared = view.compared(asked, begin, finish)
    first = min((span[0] for span in (*own, *compared)), default=begin)
    return min((first, *(span[0] for span in view.compared(asked, first, first + finish - begin))))


class _History:
    """The windows before a given one, summed."""

    def __init__(
        self, connection: sqlite3.Connection, series: Series, oldest: float, begin: float
    ) -> None:
        self.rows = windows_between(connection, series, clock.iso(oldest), clock.iso(begin))
        self._starts = np.array([clock.parse(row.window_start) or 0.0 for row in self.rows])
        # Sums of consecutive windows are differences of these.
        counts = [unpack(row.tally.counts) for row in self.rows]
        self._sums = np.cumsum([np.zeros_like(counts[0]), *counts], axis=0) if counts else None
        self._rows = np.cumsum([0, *(row.tally.rows for row in self.rows)])

    @property
    def oldest(self) -> float:
        """The start of the first window; infinite if there is none."""
        return float(self._starts[0]) if len(self._starts) else np.inf

    def counts(self, spans: Sequence[Span], min_rows: int) -> np.ndarray | None:
        """Return the counts of the windows that start in these spans; None if there are too few
        rows."""
        first, after = np.searchsorted(self._starts, np.array(spans).reshape(-1, 2)).T
        if self._sums is None or (self._rows[after] - self._rows[first]).sum() < max(1, min_rows):
            return None
        counts: np.ndarray = (self._sums[after] - self._sums[first]).sum(axis=0)
        return counts

    def within(self, spans: Sequence[Span]) -> list[CountedWindow]:
        """Return the windows that start in these spans, in order."""
        places = np.searchsorted(self._starts, np.array(spans).reshape(-1, 2)).tolist()
        return [row for first, after in places for row in self.rows[first:after]]


@dataclass(frozen=True)
class _Rolling:
    """The reference of one window, from `begin` to `finish`."""

    reference: Reference
    history: _History
    asked: ReferenceSettings
    begin: float
    finish: float
    min_rows: int

    def reference_for(self, view: CleanTime) -> Reference | None:
        """Return the reference of the features with this clean time; None if there are too few
        rows."""
        compared = view.compared(self.asked, self.begin, self.finish)
        counts = self.history.counts(compared, self.min_rows)
        if counts is None:
            return None
        counted = with_counts(self.reference, counts)
        pairs = list(self._pairs(view))
        if self.asked.kind == "previous" and len(pairs) < MIN_BLOCKS:
            # With too little history, the windows are compared with each other.
            known = self._spread(self._enough(compared))
            return with_block_baselines(counted, [_unpacked(row.tally) for row in known])
        return with_block_baselines(counted, [own for own, _ in pairs], [rest for _, rest in pairs])

    def _pairs(self, view: CleanTime) -> Iterator[tuple[Tally, np.ndarray]]:
        """Yield earlier windows, each with the counts that it is compared with."""
        for row in self._spread(self._enough(view.before(self.begin, self.asked.seconds))):
            start, end = clock.parse(row.window_start) or 0.0, clock.parse(row.window_end) or 0.0
            spans = view.compared(self.asked, start, end)
            if not spans or self._missing(spans, view) > _MOST_MISSING * self.asked.seconds:
                continue
            rest = self.history.counts(spans, self.min_rows)
            if rest is not None:
                yield _unpacked(row.tally), rest

    def _missing(self, spans: Sequence[Span], view: CleanTime) -> float:
        """Return the seconds of a comparison before the first row, or before a new normal."""
        known = max(self.history.oldest, view.since)
        return sum(max(0.0, min(last, known) - first) for first, last in spans)

    def _enough(self, spans: Sequence[Span]) -> list[CountedWindow]:
        return [row for row in self.history.within(spans) if row.tally.rows >= self.min_rows]

    @staticmethod
    def _spread(rows: Sequence[CountedWindow]) -> Sequence[CountedWindow]:
        """Return a limited number of windows over all hours; steps of six would reach four hours
        only."""
        step = -(-len(rows) // _MAX_BLOCKS) or 1
        while step > 1 and math.gcd(step, _HOURS_OF_WEEK) > 1:
            step += 1
        return rows[::-step]


def with_counts(reference: Reference, counts: np.ndarray) -> Reference:
    counted = reference.counted(counts)
    features = tuple(map(_ranged, counted.features))
    # Each feature counts all rows, except measures of another.
    rows = next((sum(feature.counts) for feature in counted.columns), 0)
    return replace(replace(counted, rows=rows, features=features).counted(counts))


def _ranged(feature: Feature) -> Feature:
    """Return a feature whose range and bounds are those of the bins with rows."""
    counts = np.array(feature.counts[: feature.bins])
    if feature.kind != "numeric" or not feature.edges or not counts.sum():
        return feature
    first, last = span(counts)
    low = feature.edges[first - 1] if first else feature.low
    # A bin ends before its upper edge.
    high = _before(feature.edges[last - 1]) if last <= len(feature.edges) else feature.high
    quarter, center, third = (quantile(feature, counts, q) for q in (0.25, 0.5, 0.75))
    spread = (third - quarter) / MIDDLE_HALF
    bounds = _at_edges(feature, center - OUTLIER * spread, center + OUTLIER * spread)
    return replace(
        feature,
        low=low,
        high=max(low, high),
        center=center,
        spread=spread,
        mad_bounds=bounds if spread > 0 else None,
        tukey_fences=None,
    )


def _at_edges(feature: Feature, low: float, high: float) -> tuple[float, float]:
    """Return the edges just beyond both ends, at which counts can be read off."""
    edges = np.array(feature.edges)
    below = int(np.searchsorted(edges, low, "right")) - 1
    above = min(int(np.searchsorted(edges, high, "left")), len(edges) - 1)
    return float(edges[max(0, below)]), _before(float(edges[above]))


def _before(value: float) -> float:
    return float(np.nextafter(value, -np.inf))
