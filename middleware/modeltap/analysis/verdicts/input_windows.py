"""Judging the inputs of windows that are over, and again of those that rows came late for."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, partial

from msgspec.structs import replace

from modeltap import clock
from modeltap.analysis.counting.counter import WindowCounter, total
from modeltap.analysis.counting.row_windows import RowWindows
from modeltap.analysis.counting.sample import Sample, choose, sample
from modeltap.analysis.counting.tally import Tally
from modeltap.analysis.detectors import drift, feed, whole_rows
from modeltap.analysis.explanations.examples import with_examples
from modeltap.analysis.model.metric import ALERT, NO_REFERENCE, NOT_ENOUGH_ROWS, OK, Metric
from modeltap.analysis.model.reference import Reference
from modeltap.analysis.references.rolling import compared_period, moved
from modeltap.analysis.references.row_variation import usual_key
from modeltap.analysis.verdicts.results import EvaluatedWindows, Period, WindowResult, is_within
from modeltap.analysis.verdicts.scope import Scope
from modeltap.config.reference_settings import parse_reference
from modeltap.config.windows import Window
from modeltap.decoding.batches import Batch
from modeltap.decoding.times import parse_times
from modeltap.store import windows as stored
from modeltap.store.connection import writing
from modeltap.store.metrics import values_before
from modeltap.store.predictions import StoredRow, rows_between
from modeltap.store.references import sampled_rows
from modeltap.store.windows import Columns

_MIN_KNOWN = 4
"""Of so many earlier windows it has to be known how well they could be told from theirs."""

_LOOKED_AT = 100
"""So many windows of one pass have their rows looked at: that takes half a second each."""


@dataclass
class InputWindows:
    """Evaluates drift and quality of one reference's windows."""

    scope: Scope
    counter: WindowCounter
    reference: Reference

    def __post_init__(self) -> None:
        self._series = self.counter.series(self.reference)
        self._settings = self.scope.settings.of(self.reference.model)

    def results(self) -> Iterator[WindowResult]:
        """Yield the result of each window that is over and due.

        Each is to be written before the next is asked for: later windows read the metrics of
        earlier ones.
        """
        due = stored.due_windows(self.scope.connection, self._series)
        self._long_past = due[-_LOOKED_AT]["window_start"] if len(due) > _LOOKED_AT else ""
        if self.scope.again:
            with writing(self.scope.connection):
                stored.forget_judged(self.scope.connection, self._series)
        yield from map(self._evaluate, self._groups())

    def _groups(self) -> Iterator[list[Columns]]:
        """Yield the windows that are to be judged together.

        One with fewer rows than `min_rows` waits for the next. What was judged together stays
        together when rows come late.
        """
        waiting: list[Columns] = []
        done: set[str] = set()
        for window in stored.due_windows(self.scope.connection, self._series):
            if window["window_start"] in done:
                continue
            group = [*waiting, window]
            if window["judged_start"] is not None:
                group = [*waiting, *self._judged_with(window)]
            elif not self._is_over(window):
                break
            elif sum(one["rows"] for one in group) < self._settings.min_rows:
                following = stored.window_after(
                    self.scope.connection, self._series, window["window_start"]
                )
                if following is None or following["judged_start"] is None:
                    waiting = group
                    continue
                # What came late into a gap belongs to the judged one after it.
                group += self._judged_with(following)
            done.update(one["window_start"] for one in group)
            waiting = []
            yield group
        yield from self._open()

    def _judged_with(self, window: Columns) -> list[Columns]:
        return stored.judged_with(self.scope.connection, self._series, window["judged_start"])

    def _is_over(self, window: Columns) -> bool:
        # One of rows is over when it is cut.
        return window["first_seq"] is not None or self.scope.is_over(
            self.reference.model, self.reference.version, window["window_end"]
        )

    def _open(self) -> Iterator[list[Columns]]:
        if self.scope.open_too and Window.parse(self._series.window).kind == "rows":
            columns = RowWindows(self.counter, self.reference).open()
            if columns is not None:
                yield [{**columns, "judged_start": None, "judged_end": None}]

    def _evaluate(self, group: Sequence[Columns]) -> WindowResult:
        start, end = group[0]["window_start"], group[-1]["window_end"]
        window = total(group)
        period = Period(
            self.reference.model, self.reference.version, self._series.window, start, end
        )
        return WindowResult(
            period,
            self._metrics(group, window, start, end),
            self.reference,
            EvaluatedWindows(self._series, group),
            job=f"inputs {self.reference.id}",
            revision=f"#{window.rows}",
        )

    def _metrics(
        self, group: Sequence[Columns], window: Tally, start: str, end: str
    ) -> list[Metric]:
        reference: Reference | None = self.reference
        min_rows = self._settings.min_rows
        if self.reference.moving:
            reference = moved(
                self.scope.connection, self.reference, self._series, start, end, min_rows
            )
        if reference is None:
            return _without_reference(self.reference, window, min_rows)
        alpha = drift.ALPHA[self._settings.sensitivity]
        metrics = drift.judge(
            reference, window.counts, min_rows=min_rows, sensitivity=self._settings.sensitivity
        )
        metrics += feed.judge(
            reference, window, alpha / max(1, len(reference.features)), min_rows=min_rows
        )
        rows = self._rows(group)
        metrics += self._pauses(reference, rows, end)
        looked_at = (
            self._settings.multivariate
            and start >= self._long_past
            and len(rows) >= min_rows
            and not is_within(self.reference, start, end)
        )
        if not rows or not (looked_at or any(metric.verdict == ALERT for metric in metrics)):
            return metrics
        batch = self._some(rows)
        if looked_at:
            told = {m.feature for m in metrics if m.verdict == ALERT and m.feature is not None}
            metrics += self._whole_rows(reference, batch, frozenset(told), alpha, start, end)
        return with_examples(metrics, reference, window.counts, batch)

    def _some(self, rows: Sequence[StoredRow]) -> Batch:
        chosen = choose([(row.exchange_id, row.row) for row in rows])
        return self.counter.read_picked(self.reference.model, [rows[place] for place in chosen])

    def _pauses(
        self, reference: Reference, rows: Sequence[StoredRow], end: str
    ) -> Iterator[Metric]:
        """Yield what the rows' times show: pauses among them, and the last one's before the end."""
        times = parse_times([row.event_time for row in rows])
        min_rows = self._settings.min_rows
        found = [feed.gap(reference, times, min_rows=min_rows)]
        if not self.scope.open_too:  # the end of an open window has not come yet
            found.append(
                feed.freshness(reference, times, clock.parse(end) or 0.0, min_rows=min_rows)
            )
        yield from (metric for metric in found if metric is not None)

    def _whole_rows(
        self,
        reference: Reference,
        batch: Batch,
        told: frozenset[str],
        alpha: float,
        start: str,
        end: str,
    ) -> Iterator[Metric]:
        """Yield what whole rows show beside the features that were `told` of already."""

        def shown(places: Sequence[int]) -> str | None:
            ids = list(dict.fromkeys(batch.ids[place] for place in places))
            return json.dumps(ids) if ids else None

        for metric in whole_rows.judge(
            reference,
            self._reference_rows(start, end),
            sample(batch.columns(self.reference.by_name), len(batch.rows), self.reference),
            alpha,
            min_rows=self._settings.min_rows,
            left_out=told,
            usual=partial(self._usual, start),
            shown=shown,
        ):
            yield self._if_known(metric, start)

    def _if_known(self, metric: Metric, start: str) -> Metric:
        """Take the verdict back where it is too early to know how much the rows differ anyway.

        In weekly windows of data with seasons a classifier always knows this week from the last
        ones. What a reference that stands still does by itself was learnt when it was frozen.
        """
        if not self.reference.moving or metric.verdict not in (OK, ALERT):
            return metric
        if self._usual(start, metric.metric, metric.feature) is not None:
            return metric
        return replace(metric, verdict=NO_REFERENCE, explanation=None, examples=None)

    def _usual(self, start: str, metric: str, feature: str | None) -> float | None:
        """Return the largest value that a metric had among what is the reference now."""
        moving = self.reference.moving
        if not moving:
            return self.reference.usual_rows.get(usual_key(metric, feature))
        since = clock.iso((clock.parse(start) or 0.0) - parse_reference(moving).amount)
        known = values_before(
            self.scope.connection, self._series, metric, feature, start, since, _MIN_KNOWN
        )
        return max(known) if len(known) >= _MIN_KNOWN else None

    def _reference_rows(self, start: str, end: str) -> Sample:
        """Return a sample of the rows that the window from `start` to `end` is compared with."""
        if not self.reference.moving:
            return self._standing_rows
        first, after = compared_period(self.reference.moving, start, end)
        batch = self._some(
            rows_between(
                self.scope.connection,
                self.reference.model,
                self.reference.version,
                (first, 0, 0),
                (after, 0, 0),
            )
        )
        return sample(batch.columns(self.reference.by_name), len(batch.rows), self.reference)

    @cached_property
    def _standing_rows(self) -> Sample:
        coded = sampled_rows(self.scope.connection, self.reference.id)
        return Sample.unpack(coded, self.reference)

    def _rows(self, group: Sequence[Columns]) -> list[StoredRow]:
        connection = self.scope.connection
        first, _ = stored.bounds(connection, group[0], self._series)
        _, after = stored.bounds(connection, group[-1], self._series)
        return rows_between(connection, self.reference.model, self.reference.version, first, after)


def _without_reference(reference: Reference, window: Tally, min_rows: int) -> list[Metric]:
    drift = NOT_ENOUGH_ROWS if window.rows < min_rows else NO_REFERENCE
    return [
        Metric(metric="drift", feature=feature.name, rows=window.rows, verdict=drift)
        for feature in reference.features
        if feature.is_tested
    ]
