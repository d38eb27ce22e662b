"""Evaluation of the inputs of windows that are over, repeated for windows with late rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from modeltap import clock
from modeltap.analysis.costs.window_costs import window_costs
from modeltap.analysis.counting.counter import WindowCounter, total
from modeltap.analysis.counting.row_windows import RowWindows
from modeltap.analysis.counting.sample import Sample, choose, sample
from modeltap.analysis.counting.tally import Tally
from modeltap.analysis.detectors import Detector, evaluate
from modeltap.analysis.detectors.context import (
    ALPHA,
    DRIFT_FLOOR,
    Baselines,
    Context,
    LearntBaselines,
)
from modeltap.analysis.estimation.estimator import Estimator, inputs_moved
from modeltap.analysis.estimation.unlabelled import Outputs
from modeltap.analysis.evaluators.window_evaluators import window_evaluators
from modeltap.analysis.explanations.examples import values_of, with_examples
from modeltap.analysis.explanations.explain import explained
from modeltap.analysis.fairness.fair_windows import grouped_window
from modeltap.analysis.findings.finder import with_findings
from modeltap.analysis.model.metric import (
    ALERT,
    LEARNING,
    NO_REFERENCE,
    NOT_ENOUGH_ROWS,
    Metric,
)
from modeltap.analysis.model.reference import Reference
from modeltap.analysis.references.clean_time import CleanTime, clean_times
from modeltap.analysis.references.rhythm import Rhythm, spans, stored_rhythm
from modeltap.analysis.references.rolling import rolled
from modeltap.analysis.references.row_variation import RowGroups
from modeltap.analysis.relearning.past_gaps import spreads_before, widened_estimates
from modeltap.analysis.relearning.saved_gaps import with_saved_gaps
from modeltap.analysis.relearning.saved_pass_rates import with_saved_pass_rates
from modeltap.analysis.verdicts.results import EvaluatedWindows, Period, WindowResult, is_within
from modeltap.analysis.verdicts.scope import PassScope
from modeltap.analysis.verdicts.urgency import urgent, windows_a_week
from modeltap.analysis.verdicts.window_samples import (
    ROWS_AT_ONCE,
    RecentBaselines,
    WindowRows,
    WindowSamples,
    window_rows,
)
from modeltap.config.reference_settings import parse_reference
from modeltap.config.windows import Window
from modeltap.decoding.row_batch import Batch
from modeltap.decoding.times import parse_times
from modeltap.store import windows as stored
from modeltap.store.alerts import reported_in_period
from modeltap.store.connection import writing
from modeltap.store.predictions import (
    LAST,
    RowKey,
    StoredRow,
    columns_between,
    labelled_predictions,
    outputs_between,
    rows_between,
)
from modeltap.store.references import sampled_rows
from modeltap.store.token_counts import token_counts_between
from modeltap.store.windows import CountedWindow, Series

_MAX_SAMPLED = 100
"""Windows per pass whose rows are sampled and compared, at half a second each."""


@dataclass
class InputWindows:
    """Evaluation of the inputs of one reference's windows.

    Args:
        series: the windows; by default those of the settings.
        detectors: the detectors to run; by default all.
        until: evaluate only windows that start before this time.
        estimates: whether performance is estimated for these windows.
        shorter: the series of shorter windows that evaluates the quality of the same rows, if any.
    """

    scope: PassScope
    counter: WindowCounter
    reference: Reference
    series: Series | None = None
    detectors: Sequence[Detector] | None = None
    until: str = LAST[0]
    estimates: bool = True
    shorter: Series | None = None

    def __post_init__(self) -> None:
        self._series = self.series or self.counter.series(self.reference)
        self._settings = self.scope.settings.for_model(self.reference.model)

    def results(self) -> Iterator[WindowResult]:
        """Yield the result of each window that is over and due.

        Write each result before requesting the next: later windows read the metrics of earlier
        ones.
        """
        if self.scope.again:
            with writing(self.scope.connection):
                stored.reset_evaluations(self.scope.connection, self._series)
        due = self._due()
        if not self.scope.again and self._settle_learnt(due):
            due = self._due()
        self._long_past = due[-_MAX_SAMPLED].window_start if len(due) > _MAX_SAMPLED else ""
        yield from map(self._evaluate, self._groups(due))

    def _groups(self, due: Sequence[CountedWindow]) -> Iterator[list[CountedWindow]]:
        """Yield the due windows in groups that are evaluated together.

        A window with fewer rows than `min_rows` waits for the next. Windows that were evaluated
        together remain together when late rows arrive.
        """
        waiting: list[CountedWindow] = []
        done: set[str] = set()
        for window in due:
            if window.window_start in done:
                continue
            if waiting and self._is_apart(waiting[-1], window):
                yield waiting
                waiting = []
            group = [*waiting, window]
            if window.evaluated_start is not None:
                group = [*waiting, *self._evaluated_with(window.evaluated_start)]
            elif not self._is_over(window):
                break
            elif sum(part.tally.rows for part in group) < self._settings.min_rows:
                following = stored.window_after(
                    self.scope.connection, self._series, window.window_start
                )
                if (
                    following is None
                    or following.evaluated_start is None
                    or self._is_apart(window, following)
                ):
                    waiting = group
                    continue
                # Late rows in a gap belong to the evaluated window that follows.
                group += self._evaluated_with(following.evaluated_start)
            done.update(part.window_start for part in group)
            waiting = []
            yield group
        yield from self._open()

    def _due(self) -> list[CountedWindow]:
        due = stored.due_windows(self.scope.connection, self._series)
        return [window for window in due if self._is_due(window)]

    def _is_due(self, window: CountedWindow) -> bool:
        """Return whether a window is in the scope of this evaluation."""
        return window.window_start < self.until

    def _settle_learnt(self, due: Sequence[CountedWindow]) -> bool:
        """Mark windows as done that were evaluated while the reference was learnt.

        Return whether there may have been any among those due.
        """
        end = self.reference.to_time
        if not (self.reference.learnt and end is not None and due and due[0].window_start < end):
            return False
        with writing(self.scope.connection):
            start = self.reference.from_time or ""
            stored.settle_before(self.scope.connection, self._series, start, end)
        return True

    def _is_apart(self, window: CountedWindow, following: CountedWindow) -> bool:
        """Return whether the reference begins or ends between two windows, which separates them."""
        ends = self.reference.from_time, self.reference.to_time
        return any(end and window.window_start < end <= following.window_start for end in ends)

    def _evaluated_with(self, start: str) -> list[CountedWindow]:
        return stored.evaluated_with(self.scope.connection, self._series, start)

    def _is_over(self, window: CountedWindow) -> bool:
        # A row window is only stored once it is complete.
        return window.first_seq is not None or self.scope.is_over(
            self.reference.model, self.reference.version, window.window_end
        )

    def _open(self) -> Iterator[list[CountedWindow]]:
        if self.scope.include_open and Window.parse(self._series.window).kind == "rows":
            window = RowWindows(self.counter, self.reference).open()
            if window is not None:
                yield [window]

    def _evaluate(self, group: Sequence[CountedWindow]) -> WindowResult:
        start, end = group[0].window_start, group[-1].window_end
        window, rows = total(group), self._rows(group)
        samples = WindowSamples(self, rows.sampled, start, end)
        period = Period(
            self.reference.model, self.reference.version, self._series.window, start, end
        )
        metrics = self._metrics(group, window, rows, samples)
        return WindowResult(
            period,
            [
                *metrics,
                *self._estimates(group, samples, metrics),
                *self._fairness(group, window, end),
                *self._evaluators(group, samples, end),
                *self._costs(group),
            ],
            self.reference,
            EvaluatedWindows(self._series, group),
            job=f"inputs {self.reference.id}",
            learning=self.reference.state == "provisional",
            revision=f"#{window.rows}",
        )

    def _metrics(
        self,
        group: Sequence[CountedWindow],
        window: Tally,
        rows: WindowRows,
        samples: WindowSamples,
    ) -> list[Metric]:
        """Evaluate one window, and add explanations and examples to its alerts."""
        start, end = samples.start, samples.end
        reference = self._compared_with(group, start, end)
        if reference is None:
            return self._without_reference(window)
        context = Context(
            reference,
            self._without_known_fields(window),
            alpha=ALPHA[self._settings.sensitivity],
            drift_floor=DRIFT_FLOOR[self._settings.sensitivity],
            min_rows=self._settings.min_rows,
            times=rows.times,
            start=clock.parse(start),
            end=None if self._ends_with_a_row else clock.parse(end) or 0.0,
            before=self._time_before(group[0]),
            samples=samples if self._has_samples(rows.total, start, end) else None,
            baselines=self._baselines(start),
            reported=self._reported(start, end),
            whole=None if reference.rolling else self.reference,
            covered=None if reference.rolling else self._rhythm.covered,
        )
        metrics = self._with_allowed_verdicts(evaluate(context, self.detectors), context, samples)
        # Urgency depends on the detectors' evidence, which findings replace below.
        metrics = self._urgent(metrics, group, reference, end)
        if rows.total and any(metric.verdict == ALERT for metric in metrics):
            # Examples complete the evidence of a new value for its sentence.
            metrics = with_examples(metrics, context, samples.batch)
            metrics = with_findings(metrics, context, values_of(samples.batch, context))
        return explained(metrics, context)

    def _reported(self, start: str, end: str) -> frozenset[tuple[str, str]]:
        """Return metric and feature of the alerts in the shorter windows of this time.

        Those of features whose drift already fires are left out, because this continues it.
        """
        if self.shorter is None:
            return frozenset()
        hours, own = (
            reported_in_period(self.scope.connection, series, start, end)
            for series in (self.shorter, self._series)
        )
        return frozenset(alert for alert in hours if ("drift", alert[1]) not in own)

    def _estimates(
        self, group: Sequence[CountedWindow], samples: WindowSamples, metrics: Sequence[Metric]
    ) -> list[Metric]:
        """Return the performance that is expected of a window's rows, without their labels."""
        if not self.estimates or not self._estimator.has_estimates:
            return []
        first, after = self._bounds(group)
        model, version = self.reference.model, self.reference.version
        outputs = Outputs(*outputs_between(self.scope.connection, model, version, first, after))
        own = self._estimator.metrics(outputs, samples, has_moved=inputs_moved(metrics))
        spreads = spreads_before(
            self.scope.connection,
            self._series,
            group[0].window_start,
            self.reference.performance,
        )
        return explained(widened_estimates(own, spreads))

    @cached_property
    def _estimator(self) -> Estimator:
        return Estimator(self.scope.connection, self.reference, self._settings)

    def _fairness(self, group: Sequence[CountedWindow], window: Tally, end: str) -> list[Metric]:
        """Return the gaps between groups that need no labels, in the windows of the settings."""
        too_few = window.rows < self._settings.min_rows
        if (
            not self._settings.groups
            or too_few
            or self._series != self.counter.series(self.reference)
        ):
            return []
        connection, own = self.scope.connection, self._with_gaps
        rows = labelled_predictions(connection, own.model, own.version, *self._bounds(group))
        groups = grouped_window(connection, self._settings, own, rows)
        return self._urgent(explained(groups.selection_metrics()), group, own, end)

    def _evaluators(
        self, group: Sequence[CountedWindow], samples: WindowSamples, end: str
    ) -> list[Metric]:
        """Return the fractions of outputs that pass evaluators, in the windows of the settings."""
        settings = self._settings
        if not settings.evaluators or self._series != self.counter.series(self.reference):
            return []
        learning = self.reference.state == "provisional"
        own = with_saved_pass_rates(self.counter, self.reference, settings)
        metrics = window_evaluators(
            samples.batch,
            settings,
            own.evaluators,
            ALPHA[settings.sensitivity],
            learning=learning,
        )
        return self._urgent(explained(metrics), group, own, end)

    def _costs(self, group: Sequence[CountedWindow]) -> list[Metric]:
        """Return what the tokens of a window cost, in the windows of the settings."""
        own, settings = self.reference, self._settings
        if not settings.prices or self._series != self.counter.series(own):
            return []
        bounds = self._bounds(group)
        counts = token_counts_between(self.scope.connection, own.model, own.version, *bounds)
        return window_costs(counts, settings.prices)

    @cached_property
    def _with_gaps(self) -> Reference:
        """The reference with the rates of its groups, learnt when the first window needs them."""
        return with_saved_gaps(self.scope.connection, self.reference, self._settings)

    def _urgent(
        self,
        metrics: list[Metric],
        group: Sequence[CountedWindow],
        reference: Reference,
        end: str,
    ) -> list[Metric]:
        """Return the metrics; alerts that need no second window are marked."""
        weekly = windows_a_week(self.scope.connection, self._series, end)
        frozen = self.reference.state == "active" and not self.reference.rolling
        known = self._rhythm.known(spans(group)) if frozen else None
        return urgent(metrics, weekly, reference, known)

    def _without_known_fields(self, window: Tally) -> Tally:
        """Return the window without new fields that were reported before."""
        return window

    def _with_allowed_verdicts(
        self, metrics: list[Metric], _context: Context, _samples: WindowSamples
    ) -> list[Metric]:
        """Return the metrics with verdicts restricted to those allowed at this stage."""
        return metrics

    def _without_reference(self, window: Tally) -> list[Metric]:
        few = window.rows < self._settings.min_rows
        verdict = NOT_ENOUGH_ROWS if few else self._no_reference
        return [
            Metric(metric="drift", feature=feature.name, rows=window.rows, verdict=verdict)
            for feature in self.reference.features
            if feature.is_tested
        ]

    @property
    def _no_reference(self) -> str:
        """The verdict of windows without rows to compare with."""
        return LEARNING if self.reference.state == "provisional" else NO_REFERENCE

    @property
    def _ends_with_a_row(self) -> bool:
        """True if a row ends the window, which then has no pause at its end."""
        return self.scope.include_open or Window.parse(self._series.window).kind == "rows"

    def _time_before(self, window: CountedWindow) -> float | None:
        """Return the time of the row before a row window, from which a pause may extend."""
        if window.first_seq is None:
            return None
        before = stored.window_before(self.scope.connection, self._series, window.window_start)
        return None if before is None else clock.parse(before.last_event)

    def _compared_with(
        self, group: Sequence[CountedWindow], start: str, end: str
    ) -> Reference | None:
        """Return the reference of a window; None if a rolling one has too few rows so far."""
        if not self.reference.rolling:
            return self._rhythm.compared(spans(group))
        connection, min_rows = self.scope.connection, self._settings.min_rows
        return rolled(connection, self.reference, self._series, start, end, min_rows)

    @cached_property
    def _rhythm(self) -> Rhythm:
        window, holidays = self._series.window, self._settings.holidays
        return stored_rhythm(self.scope.connection, self.reference, window, holidays)

    def _has_samples(self, rows: int, start: str, end: str) -> bool:
        """Return whether a window's rows are compared, which excludes the reference's period."""
        return (
            self._settings.multivariate
            and self.reference.state == "active"
            and start >= self._long_past
            and rows >= self._settings.min_rows
            and not is_within(self.reference, start, end)
        )

    def _baselines(self, start: str) -> Baselines:
        """Return the baselines of row comparisons: learnt, or from a rolling reference's period."""
        if not self.reference.rolling:
            return LearntBaselines(self.reference.row_baselines)
        clean = self._clean_rows(start)
        return RecentBaselines(
            self.scope.connection, self._series, start, self.reference.rolling, clean
        )

    def _clean_rows(self, start: str) -> CleanTime:
        """Return the incident-free time for row comparisons with a rolling reference."""
        return clean_times(self.scope.connection, self.reference, self._series, start).rows

    def read_some(self, rows: Sequence[StoredRow]) -> Batch:
        """Decode a sample of the stored rows."""
        chosen = choose([(row.exchange_id, row.row) for row in rows])
        return self.counter.read_picked(self.reference.model, [rows[place] for place in chosen])

    def coded(self, batch: Batch) -> Sample:
        """Return the rows of a batch, coded in the reference's bins."""
        return sample(batch.columns(self.reference.by_name), len(batch.rows), self.reference)

    def reference_rows(self, start: str, end: str) -> Sample:
        """Return a sample of the rows to compare the window from `start` to `end` with."""
        if not self.reference.rolling:
            span = clock.parse(start) or 0.0, clock.parse(end) or 0.0
            return self._row_groups.compared([span])
        setting = parse_reference(self.reference.rolling)
        begin, finish = clock.parse(start) or 0.0, clock.parse(end) or 0.0
        rows = []
        for first, after in self._clean_rows(start).compared(setting, begin, finish):
            rows += rows_between(
                self.scope.connection,
                self.reference.model,
                self.reference.version,
                (clock.iso(first), 0, 0),
                (clock.iso(after), 0, 0),
            )
        return self.coded(self.read_some(rows))

    @cached_property
    def _row_groups(self) -> RowGroups:
        rows = sampled_rows(self.scope.connection, self.reference.id)
        coded = Sample.unpack([row.coded for row in rows], self.reference)
        moments = parse_times([row.event_time for row in rows])
        return RowGroups(self.reference, coded, moments, self._rhythm)

    def _rows(self, group: Sequence[CountedWindow]) -> WindowRows:
        own, bounds = self.reference, self._bounds(group)
        return window_rows(
            columns_between(self.scope.connection, own.model, own.version, *bounds, ROWS_AT_ONCE)
        )

    def _bounds(self, group: Sequence[CountedWindow]) -> tuple[RowKey, RowKey]:
        """Return the sort keys of a group's first row and of the first row after it."""
        first, _ = stored.bounds(self.scope.connection, group[0], self._series)
        _, after = stored.bounds(self.scope.connection, group[-1], self._series)
        return first, after
