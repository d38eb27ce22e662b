"""Detection of the moment at which missing, mixed or mostly distinct columns become testable.

Each day of event time is checked once, when it is over, so imported and live rows give the same
result.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from msgspec.structs import replace

from modeltap import clock
from modeltap.analysis.counting.counter import WindowCounter
from modeltap.analysis.counting.tally import Tally
from modeltap.analysis.inference.infer import infer
from modeltap.analysis.model.feature import Feature, present_rows
from modeltap.analysis.model.reference import Reference, layout
from modeltap.analysis.references.freeze import save
from modeltap.analysis.references.learning import Learning, end_of, learnt_rows
from modeltap.analysis.relearning.relearnt import relearnt
from modeltap.config.settings import FeatureSettings, Settings
from modeltap.store import windows as stored
from modeltap.store.connection import writing
from modeltap.store.learning_progress import EventSpan, first_time

_SAMPLE_ROWS = 2_000
"""Sampled rows of a day that show its columns' types: 25 ms for 12 columns, and enough for ids."""

_DAY = 86_400.0


@dataclass(frozen=True)
class DueColumns:
    """Columns whose own rows are complete up to `end` (event time), which ends a window."""

    names: frozenset[str]
    end: str


@dataclass
class AwaitedColumns:
    """Tracks the columns of one frozen reference that were not testable in its rows.

    Args:
        passed: event time before which no more rows are expected.
    """

    counter: WindowCounter
    reference: Reference
    passed: str

    def __post_init__(self) -> None:
        series = self.counter.series_of(self.reference)
        settings = self.counter.settings.for_model(self.reference.model)
        # A column's rows end with a window of the longest kind, which has all or none of them.
        self._settings: Settings = replace(settings, window=series[-1].window)
        self._series = series[0]
        self._key = self.counter.connection, self.reference.model, self.reference.version

    def due(self) -> DueColumns | None:
        """Check the days that are over; return the columns to learn next, the earliest first."""
        while (day := self._next_day()) is not None:
            self._look(day)
        ends: dict[str, set[str]] = {}
        for feature in self._awaited():
            end = self._end(feature)
            if end is not None and end <= self.passed:
                ends.setdefault(end, set()).add(feature.name)
        return DueColumns(frozenset(ends[min(ends)]), min(ends)) if ends else None

    def learn(self, due: DueColumns) -> None:
        """Replace the old columns by those that are due."""
        self.reference = relearnt(self.counter, self.reference, due.names, due.end)

    def _end(self, feature: Feature) -> str | None:
        if feature.learnt_from is None:
            return None
        return end_of(*self._key, self._settings, feature.learnt_from)

    def _awaited(self) -> Iterator[Feature]:
        for feature in self.reference.features:
            declared = self._settings.features.get(feature.name, FeatureSettings()).type
            if feature.untested_reason(declared) is not None:
                yield feature

    def _next_day(self) -> EventSpan | None:
        """Return the first day with rows that is over and was not checked."""
        waiting = [feature for feature in self._awaited() if feature.learnt_from is None]
        if not waiting:
            return None
        begin = min(map(self._begin, waiting))
        first = first_time(*self._key, begin)
        if first is None:
            return None
        midnight = (clock.parse(first) or 0.0) // _DAY * _DAY
        day = EventSpan(max(begin, clock.iso(midnight)), clock.iso(midnight + _DAY))
        return day if day.end <= self.passed else None

    def _begin(self, feature: Feature) -> str:
        return feature.checked_until or self.reference.to_time or ""

    def _look(self, day: EventSpan) -> None:
        """Note the columns that are testable since this day."""
        waiting = [feature for feature in self._awaited() if self._is_to_look_at(feature, day)]
        filled = [feature.name for feature in waiting if feature.present]
        since = dict.fromkeys(self._testable_in(day, filled) if filled else (), day.start)
        since |= self._first_values([feature for feature in waiting if not feature.present], day)
        known = {
            feature.name: replace(
                feature, learnt_from=since.get(feature.name), checked_until=day.end
            )
            for feature in waiting
        }
        features = tuple(known.get(feature.name, feature) for feature in self.reference.features)
        self.reference = replace(self.reference, features=features)
        with writing(self.counter.connection):
            save(self.counter.connection, self.reference)
        self.counter.on_progress()

    def _is_to_look_at(self, feature: Feature, day: EventSpan) -> bool:
        return feature.learnt_from is None and self._begin(feature) < day.end

    def _testable_in(self, day: EventSpan, names: Sequence[str]) -> frozenset[str]:
        """Return the columns that have a tested type in a sample of a day's rows."""
        span = Learning(day.start, day.end, day.end)
        rows = learnt_rows(*self._key, span, _SAMPLE_ROWS)
        batch = self.counter.read_picked(self.reference.model, rows)
        columns, declared = batch.columns(names), self._settings.declared(names)
        inferred = {
            name: infer(name, columns[name], declared[name]) for name in names if name in columns
        }
        return frozenset(name for name, feature in inferred.items() if feature.has_comparable_type)

    def _first_values(self, features: Sequence[Feature], day: EventSpan) -> dict[str, str]:
        """Return the start of the first window of a day with values of each column, if any."""
        if not features:
            return {}
        places, starts = layout(self.reference), dict[str, str]()
        connection, series = self.counter.connection, self._series
        # A window may have begun the day before.
        first = stored.window_at(connection, series, day.start)
        begin = day.start if first is None else min(first.window_start, day.start)
        for window in stored.windows_between(connection, series, begin, day.end):
            counts = Tally.unpack(window.tally).counts
            for feature in features:
                if feature.name not in starts and present_rows(counts[places[feature.name]]):
                    starts[feature.name] = max(window.window_start, self._begin(feature))
        return starts
