"""Evaluation of windows while a reference is learnt, in which some metrics may already alert.

A window is compared with the rows before it, in bins made from the first rows. Changes that the
hour of the day may explain have the verdict `learning`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from functools import cached_property
from typing import NamedTuple

import numpy as np
from msgspec.structs import replace

from modeltap import clock
from modeltap.analysis.counting.columns import Values
from modeltap.analysis.counting.counter import WindowCounter
from modeltap.analysis.counting.tally import Tally
from modeltap.analysis.detectors import unit_change
from modeltap.analysis.detectors.constant_feed import Constant
from modeltap.analysis.detectors.context import Context
from modeltap.analysis.detectors.quality import Grown, is_declared
from modeltap.analysis.detectors.unit_change import FarOutside
from modeltap.analysis.model.metric import ALERT, AT_ONCE, LEARNING, NOT_ENOUGH_ROWS, Metric
from modeltap.analysis.model.reference import Reference, layout
from modeltap.analysis.references.learning import left_out
from modeltap.analysis.references.rolling import with_counts
from modeltap.analysis.references.variation import with_block_baselines
from modeltap.analysis.verdicts.input_windows import InputWindows
from modeltap.analysis.verdicts.scope import PassScope
from modeltap.analysis.verdicts.window_samples import WindowSamples
from modeltap.config.metrics import CATALOGUE
from modeltap.store import windows as stored
from modeltap.store.learning_progress import EventSpan
from modeltap.store.windows import CountedWindow, Series

_MISSING_GROWTH = 0.1
"""Until the daily rhythm is known, only a growth of missing values by 10 % of rows alerts."""

_UNSEEN = 0.5
"""In the first days new categories are frequent; half of the rows means another feed."""

_CONSTANT_HOURS = 4.0
"""A feature stuck at one value for this long is not just a quiet hour."""

_RECENT = 28
"""The number of recent windows from which baselines of rates are learnt."""


class _Earlier(NamedTuple):
    """A window before the evaluated one, with times in Unix seconds."""

    start: float
    end: float
    tally: Tally


class _Past:
    """The windows of the learning period, each read once, in order of time."""

    def __init__(self, connection: sqlite3.Connection, series: Series, begin: str) -> None:
        self._connection, self._series, self._begin = connection, series, begin
        self._read: list[_Earlier] = []
        self._upto = ""

    def before(self, start: str) -> list[_Earlier]:
        """Return the windows before `start`, in order."""
        if start > self._upto:
            rows = stored.windows_between(self._connection, self._series, self._upto, start)
            self._read += [_earlier(row) for row in rows if row.window_end > self._begin]
            self._upto = start
        moment = clock.parse(start) or 0.0
        return [window for window in self._read if window.start < moment]


def _earlier(row: CountedWindow) -> _Earlier:
    start, end = clock.parse(row.window_start) or 0.0, clock.parse(row.window_end) or 0.0
    return _Earlier(start, end, Tally.unpack(row.tally))


class LearningWindows(InputWindows):
    """Evaluation of the windows before the reference is frozen."""

    def __init__(
        self, scope: PassScope, counter: WindowCounter, reference: Reference, until: str
    ) -> None:
        super().__init__(scope, counter, reference)
        self._until = until
        self._past = _Past(scope.connection, self._series, reference.from_time or "")
        self._earlier: list[_Earlier] = []
        self._good: list[_Earlier] = []
        self._span = 0.0, 0.0

    def _is_due(self, window: CountedWindow) -> bool:
        begun = window.window_end > (self.reference.from_time or "")
        return begun and window.last_event < self._until

    def _compared_with(
        self, _group: Sequence[CountedWindow], start: str, end: str
    ) -> Reference | None:
        """Return the reference with the counts of earlier rows; None if there are too few."""
        self._span = clock.parse(start) or 0.0, clock.parse(end) or 0.0
        self._earlier = self._past.before(start)
        self._good = good = [past for past in self._earlier if not self._has_alerted(past)]
        if sum(past.tally.rows for past in good) < self._settings.min_rows:
            return None
        whole = with_counts(self.reference, np.sum([past.tally.counts for past in good], axis=0))
        # A change that began some hours ago is not part of the baseline yet.
        latest = self._span[0] - _CONSTANT_HOURS * clock.HOUR
        known = [past.tally for past in good if past.end <= latest]
        enough = [tally for tally in known if tally.rows >= self._settings.min_rows]
        return with_block_baselines(whole, enough[-_RECENT:])

    def _has_alerted(self, window: _Earlier) -> bool:
        """Return whether a window alerted and is therefore excluded from learning."""
        return any(begin <= window.start < end for begin, end in self._left_out)

    @cached_property
    def _left_out(self) -> list[tuple[float, float]]:
        """The windows that alerted before or during this pass."""
        reference = self.reference
        period = EventSpan(reference.from_time or "", self._until)
        spans = left_out(
            self.scope.connection, self._settings, reference.model, reference.version, period
        )
        return [(clock.parse(span.start) or 0.0, clock.parse(span.end) or 0.0) for span in spans]

    def _without_known_fields(self, window: Tally) -> Tally:
        """Return the window without fields that were new in an earlier window."""
        known = {name for past in self._earlier for name, rows in past.tally.new.items() if rows}
        return replace(window, new={n: rows for n, rows in window.new.items() if n not in known})

    def _with_allowed_verdicts(
        self, metrics: list[Metric], context: Context, samples: WindowSamples
    ) -> list[Metric]:
        """Return the metrics with verdicts restricted to those allowed during learning."""
        decided = []
        for metric in metrics:
            if metric.metric == "out_of_range_rate":
                metric = self._far_outside(metric, context, samples) or metric
            if isinstance(metric.evidence, Constant) and metric.value:
                decided.append(self._stuck(metric, metric.evidence, context))
                continue
            decided.append(self._while_learning(metric, context))
        if any(self._leaves_out(metric, context) for metric in decided):
            self._left_out.append(self._span)
        return decided

    def _leaves_out(self, metric: Metric, context: Context) -> bool:
        feature = context.reference.by_name.get(metric.feature or "")
        declared = feature is not None and is_declared(feature, metric.metric)
        return metric.verdict == ALERT and CATALOGUE[metric.metric].leaves_out and not declared

    def _while_learning(self, metric: Metric, context: Context) -> Metric:
        if metric.verdict in (None, NOT_ENOUGH_ROWS):
            return metric
        may = CATALOGUE[metric.metric].while_learning
        if may and (metric.verdict != ALERT or self._is_sure(metric, context)):
            return metric
        return replace(metric, verdict=LEARNING)

    def _is_sure(self, metric: Metric, context: Context) -> bool:
        """Return whether the hour of the day cannot explain an alert."""
        feature = context.reference.by_name.get(metric.feature or "")
        if feature is not None and is_declared(feature, metric.metric):
            return True
        evidence, value = metric.evidence, metric.value or 0.0
        if metric.metric == "missing_rate" and isinstance(evidence, Grown):
            return value - evidence.before >= _MISSING_GROWTH
        if metric.metric == "unseen_rate":
            return value >= _UNSEEN
        if metric.metric == "out_of_range_rate":
            return isinstance(evidence, FarOutside)
        return True

    def _stuck(self, metric: Metric, evidence: Constant, context: Context) -> Metric:
        """Return `constant_feed` of a feature that is stuck at one value.

        It alerts after some hours, unless the feature was constant in an earlier window, too.
        """
        feature = context.reference.by_name[metric.feature or ""]
        bins = layout(context.reference)[feature.name]
        inner = slice(bins.start, bins.start + feature.bins)
        before = list(self._earlier)
        start = self._span[0]
        while before and _is_constant(before[-1].tally.counts[inner], evidence.place):
            start = before.pop().start
        is_normal = any(_is_constant(past.tally.counts[inner], None) for past in before)
        hours = (self._span[1] - start) / clock.HOUR
        likely = metric.p_value is None or metric.p_value >= context.alpha_per_fault
        if is_normal or likely or hours < _CONSTANT_HOURS:
            return replace(metric, verdict=LEARNING, strength=0.0)
        return replace(metric, verdict=ALERT, strength=AT_ONCE)

    def _far_outside(
        self, metric: Metric, context: Context, samples: WindowSamples
    ) -> Metric | None:
        """Return the metric of a feature if its values are far outside the range so far."""
        name = metric.feature or ""
        feature = context.reference.by_name[name]
        hours = sum(past.end - past.start for past in self._good) / clock.HOUR
        if hours < unit_change.MIN_HOURS or is_declared(feature, metric.metric):
            return None
        place = list(context.reference.by_name).index(name)
        low = min(float(past.tally.low[place]) for past in self._good)
        high = max(float(past.tally.high[place]) for past in self._good)
        width = high - low
        window = context.window
        if not (window.low[place] < low - width or window.high[place] > high + width):
            return None
        columns = samples.batch.columns([name])
        values = Values(columns, len(samples.batch.rows), {name: feature})
        numbers, _ = values.numbers(feature, columns[name])
        change = unit_change.evaluate(name, numbers, low, high)
        return change if change.verdict == ALERT and change.rows >= context.min_rows else None


def _is_constant(counts: np.ndarray, place: int | None) -> bool:
    """Return whether all rows are in one bin: in `place`, or in any if None."""
    rows = counts.sum()
    return bool(rows and (counts.max() if place is None else counts[place]) == rows)
