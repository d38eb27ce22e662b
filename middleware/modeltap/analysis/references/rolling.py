"""Rolling references: the time before a window, or the same hours of the week before."""

from __future__ import annotations

import sqlite3

import numpy as np
from msgspec.structs import replace

from modeltap import clock
from modeltap.analysis.counting.tally import Tally, unpack
from modeltap.analysis.detectors.context import MIN_BLOCKS
from modeltap.analysis.model.feature import Feature
from modeltap.analysis.model.infer import MIDDLE_HALF, OUTLIER
from modeltap.analysis.model.reference import Reference
from modeltap.analysis.references.variation import varied
from modeltap.analysis.statistics.quantiles import quantile, span
from modeltap.config.reference_settings import ReferenceSettings, parse_reference
from modeltap.store.windows import CountedWindow, Series, windows_between

_MAX_BLOCKS = 28
"""Earlier windows that the baseline is learnt from: of more the largest hardly grows."""


def compared_period(rolling: str, start: str, end: str) -> tuple[str, str]:
    """Return the period of the rows that a window is compared with.

    >>> compared_period("same hours last week", "2024-01-08T10:00:00Z", "2024-01-08T11:00:00Z")
    ('2024-01-01T10:00:00.000Z', '2024-01-01T11:00:00.000Z')
    """
    asked = parse_reference(rolling)
    begin, finish = clock.parse(start) or 0.0, clock.parse(end) or 0.0
    last = begin if asked.kind == "previous" else finish - asked.seconds
    return clock.iso(begin - asked.seconds), clock.iso(last)


def rolled(
    connection: sqlite3.Connection,
    reference: Reference,
    series: Series,
    start: str,
    end: str,
    min_rows: int,
) -> Reference | None:
    """Return the reference of the window from `start` to `end`; None where it has too few rows.

    The bins stay those that were frozen, the counts are sums of windows that were counted before.
    The baseline is how far earlier windows lay from what they were compared with.
    """
    begin, finish = clock.parse(start) or 0.0, clock.parse(end) or 0.0
    asked = parse_reference(reference.rolling)
    history = _History(connection, series, asked, begin)
    latest = history.before(begin, finish)
    found = None if latest is None else with_counts(reference, latest)
    if found is None or found.rows < min_rows:
        return None
    pairs = history.pairs(min_rows)
    if asked.kind == "previous" and len(pairs) < MIN_BLOCKS:
        # Too early to know: how far do the windows lie from each other?
        return varied(found, history.latest(min_rows))
    return varied(found, [own for own, _ in pairs], [rest for _, rest in pairs])


class _History:
    """The windows before one, as far as it, and those before it, are compared with."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        series: Series,
        asked: ReferenceSettings,
        begin: float,
    ) -> None:
        self._length, self._asked, self._begin = asked.seconds, asked, begin
        self._rows = windows_between(
            connection, series, clock.iso(begin - 2 * self._length), clock.iso(begin)
        )
        self._starts = np.array([clock.parse(row.window_start) or 0.0 for row in self._rows])
        # Sums of windows in a row are differences of these.
        counts = [unpack(row.tally.counts) for row in self._rows]
        self._sums = np.cumsum([np.zeros_like(counts[0]), *counts], axis=0) if counts else None

    def before(self, start: float, end: float) -> np.ndarray | None:
        """Return the counts that a window from `start` to `end` is compared with."""
        if self._sums is None:
            return None
        first = start - self._length
        last = start if self._asked.kind == "previous" else end - self._length
        at, after = np.searchsorted(self._starts, [first, last])
        return np.asarray(self._sums[after] - self._sums[at]) if after > at else None

    def pairs(self, min_rows: int) -> list[tuple[Tally, np.ndarray]]:
        """Return some of the last windows, each with the counts that it is compared with."""
        oldest = self._starts[0] if len(self._starts) else self._begin
        known = self._enough(max(self._begin - self._length, oldest + self._length), min_rows)
        step = -(-len(known) // _MAX_BLOCKS) or 1
        found = []
        for row in known[::-step]:
            start, end = clock.parse(row.window_start), clock.parse(row.window_end)
            rest = self.before(start or 0.0, end or 0.0)
            if rest is not None:
                found.append((Tally.unpack(row.tally), rest))
        return found

    def latest(self, min_rows: int) -> list[Tally]:
        """Return the windows that the one is compared with, one by one."""
        own = self._enough(self._begin - self._length, min_rows)
        return [Tally.unpack(row.tally) for row in own[-_MAX_BLOCKS:]]

    def _enough(self, start: float, min_rows: int) -> list[CountedWindow]:
        first = int(np.searchsorted(self._starts, start))
        return [row for row in self._rows[first:] if row.tally.rows >= min_rows]


def with_counts(reference: Reference, counts: np.ndarray) -> Reference:
    """Return a reference with other counts in its bins, whose ends and bounds are then theirs."""
    found = reference.counted(counts)
    features = tuple(map(_ranged, found.features))
    # All features count all rows, but those that are measured on another.
    rows = next((sum(feature.counts) for feature in found.columns), 0)
    return replace(replace(found, rows=rows, features=features).counted(counts))


def _ranged(feature: Feature) -> Feature:
    """Return a feature whose ends and bounds are those of the bins that have rows."""
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
    """Return the edges just beyond both ends, where counts can be read off."""
    edges = np.array(feature.edges)
    below = int(np.searchsorted(edges, low, "right")) - 1
    above = min(int(np.searchsorted(edges, high, "left")), len(edges) - 1)
    return float(edges[max(0, below)]), _before(float(edges[above]))


def _before(value: float) -> float:
    return float(np.nextafter(value, -np.inf))
