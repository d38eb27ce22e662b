"""Clean time: the periods that windows of a rolling reference are compared with.

A lasting fault would soon become its own baseline and pass for normal. So the time of an incident
is left out, until a user acknowledges it or it is as old as a season.
"""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from typing import TypeVar

from modeltap import clock
from modeltap.analysis.model.reference import MIN_BLOCKS, Reference
from modeltap.config.metrics import reported_by
from modeltap.config.reference_settings import ReferenceSettings, parse_reference
from modeltap.config.windows import Window
from modeltap.store.alerts import Incident, incidents_before
from modeltap.store.windows import Series

Moment = TypeVar("Moment", float, str)
"""Unix seconds, or a time in the store's format: both sort by time."""

Span = tuple[float, float]
"""A half-open period in Unix seconds."""

OLDEST_SECONDS = 28 * clock.DAY
"""A change that has lasted for four weeks is the new normal, even if no user acknowledged it."""

_MULTIVARIATE = ("multivariate_drift", "row_outlier_rate")
_SAMPLED_KINDS = ("text", "vector")
"""Features whose drift is measured on a sample of rows."""


@dataclass(frozen=True)
class CleanTime:
    """All time except that of some incidents.

    Args:
        incidents: in order, not nested.
        since: the start of a new normal; nothing before it counts.
    """

    incidents: tuple[Span, ...] = ()
    since: float = -math.inf

    def before(self, moment: float, length: float) -> list[Span]:
        """Return the last clean time before `moment`, `length` seconds in total, in order.

        >>> CleanTime(((50.0, 80.0),)).before(100.0, 40.0)
        [(30.0, 50.0), (80.0, 100.0)]
        """
        spans: list[Span] = []
        for first, last in (*reversed(self.incidents), (-math.inf, -math.inf)):
            begin = max(last, moment - length)
            if begin < moment:
                spans.append((begin, moment))
                length -= moment - begin
            moment = min(moment, first)
        clipped = [(max(first, self.since), last) for first, last in reversed(spans)]
        return [span for span in clipped if span[0] < span[1]]

    def compared(self, rolling: ReferenceSettings, start: float, end: float) -> list[Span]:
        """Return the periods that the window from `start` to `end` is compared with, in order.

        >>> week = ReferenceSettings("last week", clock.WEEK)
        >>> day = clock.DAY
        >>> CleanTime(((7 * day, 9 * day),)).compared(week, 15 * day, 16 * day)
        [(86400.0, 172800.0)]
        """
        if rolling.kind == "previous":
            return self.before(start, rolling.seconds)
        weeks = next(n for n in count(1) if self._is_clean(start - n * clock.WEEK, end - start))
        first = start - weeks * clock.WEEK
        if first < self.since:
            # These hours of the new normal do not exist yet, so all of its hours are compared.
            return [(self.since, start)] if self.since < start else []
        return [(first, first + end - start)]

    def _is_clean(self, start: float, seconds: float) -> bool:
        return all(start >= last or start + seconds <= first for first, last in self.incidents)


ALL_TIME = CleanTime()


@dataclass(frozen=True)
class CleanTimes:
    """The clean time of each feature, of multivariate metrics, and of repeated rows."""

    features: Mapping[str, CleanTime] = field(default_factory=dict)
    rows: CleanTime = ALL_TIME
    repeats: CleanTime = ALL_TIME

    def of(self, feature: str) -> CleanTime:
        """Return the clean time of a feature: all time if it had no incident."""
        return self.features.get(feature, ALL_TIME)


def clean_times(
    connection: sqlite3.Connection, reference: Reference, series: Series, start: str
) -> CleanTimes:
    """Return the time without incidents, as of the start of the window."""
    metrics = [*reported_by("drift"), *reported_by("quality")]
    # If the reference has few windows, the next one is a large part of it, suspicious or not.
    length, window = parse_reference(reference.rolling).seconds, Window.parse(series.window)
    short = length < MIN_BLOCKS * window.size
    incidents = incidents_before(connection, series.model, series.version, metrics, start, short)
    by_feature: dict[str, list[Incident]] = {}
    rows, repeats = [], []
    for incident in incidents:
        if _is_of_rows(incident, reference):
            rows.append(incident)
        elif incident.metric == "duplicate_rate":
            repeats.append(incident)
        for feature in incident.features:
            by_feature.setdefault(feature, []).append(incident)
    moment = clock.parse(start) or 0.0
    return CleanTimes(
        {name: _without(own, moment) for name, own in by_feature.items()},
        _without(rows, moment),
        _without(repeats, moment),
    )


def _is_of_rows(incident: Incident, reference: Reference) -> bool:
    known = (reference.by_name.get(name) for name in incident.features)
    return incident.metric in _MULTIVARIATE or any(
        feature is not None and feature.kind in _SAMPLED_KINDS for feature in known
    )


def _without(incidents: Sequence[Incident], moment: float) -> CleanTime:
    clean = ALL_TIME
    spans = []
    for incident in incidents:
        first, last = clock.parse(incident.window_start) or 0.0, clock.parse(incident.resolved_at)
        if incident.accepted and last is not None and last <= moment:
            clean = replace(clean, since=max(clean.since, first))
        elif (end := min(moment, math.inf if last is None else last)) - first < OLDEST_SECONDS:
            spans.append((first, end))
    return replace(clean, incidents=tuple(joined(spans)))


def joined(spans: Iterable[tuple[Moment, Moment]]) -> Iterator[tuple[Moment, Moment]]:
    """Yield spans in order; overlapping and adjacent ones are joined.

    >>> list(joined([(5.0, 6.0), (1.0, 2.0), (2.0, 3.0)]))
    [(1.0, 3.0), (5.0, 6.0)]
    """
    current: tuple[Moment, Moment] | None = None
    for first, last in sorted(spans):
        if current is not None and first <= current[1]:
            current = current[0], max(current[1], last)
            continue
        if current is not None:
            yield current
        current = first, last
    if current is not None:
        yield current
