"""Performance of the windows for which labels arrived."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Iterator, Sequence
from typing import Any

from msgspec.structs import replace

from modeltap import clock
from modeltap.analysis.attribution.lost_performance import lost_performance, with_sentence
from modeltap.analysis.detectors.context import ALPHA
from modeltap.analysis.estimation.label_arrival import (
    WindowArrivals,
    arrival_metrics,
    next_horizon,
    window_arrivals,
)
from modeltap.analysis.explanations.explain import explained
from modeltap.analysis.fairness.fair_windows import grouped_window
from modeltap.analysis.model.baseline import Baseline
from modeltap.analysis.model.metric import LEARNING, NOT_COMPARABLE, NOT_ENOUGH_ROWS, Metric
from modeltap.analysis.model.reference import Reference
from modeltap.analysis.performance.evaluation import evaluate
from modeltap.analysis.performance.labelled import LabelledContext
from modeltap.analysis.references.late_baseline import with_performance
from modeltap.analysis.references.performance_baseline import label_form
from modeltap.analysis.relearning.concept_of_labels import ConceptPlace, with_concept
from modeltap.analysis.relearning.corrected_errors import corrected_error_estimates
from modeltap.analysis.relearning.corrected_windows import NEARLY_ALL, corrected_estimates
from modeltap.analysis.relearning.label_history import LabelHistory
from modeltap.analysis.relearning.label_progress import LabelProgress, label_progress
from modeltap.analysis.relearning.saved_gaps import with_saved_gaps
from modeltap.analysis.row_metrics.own_metrics import own_metrics
from modeltap.analysis.row_metrics.quantile_loss import (
    point_forecasts,
    quantile_metrics,
    quantile_sets,
)
from modeltap.analysis.slices.window_slices import with_slices
from modeltap.analysis.verdicts.results import EvaluatedLabels, Period, WindowResult, is_within
from modeltap.analysis.verdicts.scope import PassScope
from modeltap.analysis.verdicts.urgency import urgent, windows_a_week
from modeltap.config.metrics import OUTPUT_SEGMENT, measured_with_labels
from modeltap.config.settings import Settings
from modeltap.config.windows import Window
from modeltap.decoding.outputs import output_pairs
from modeltap.store import windows as stored
from modeltap.store.connection import writing
from modeltap.store.due_windows import DueWindow, labelled_windows, record_due, release_due
from modeltap.store.label_arrivals import received_at
from modeltap.store.label_targets import join_new_labels
from modeltap.store.labelled_windows import (
    LabelledWindow,
    evaluated_before,
    evaluated_start,
    evaluated_with,
    labelled_window,
    neighbours,
    reset_labelled_windows,
)
from modeltap.store.labels import LabelledMoment, add_label_days, new_labels, newest_label
from modeltap.store.metrics import own_metrics_in_store
from modeltap.store.models import counted_models
from modeltap.store.predictions import LabelledPrediction, RowKey, labelled_predictions
from modeltap.store.references import active_reference
from modeltap.store.watermarks import LABELS, advance, watermark
from modeltap.store.windows import Series

_MINUTES, _MILLISECONDS = len("2024-05-01T00:00"), len("2024-05-01T00:00:00.000Z")
"""Lengths of the beginnings of event times."""


_Pairs = tuple[tuple[str, str, RowKey, RowKey], list[LabelledPrediction]]
"""A model, a version, the keys of the first row and of the row after the last, and the rows."""


class LabelledWindows:
    """Evaluation of complete windows with labels that arrived since the last evaluation."""

    def __init__(self, scope: PassScope) -> None:
        self._scope = scope
        self._connection = scope.connection
        self._references: dict[tuple[str, str], Reference | None] = {}
        self._last_pairs: _Pairs | None = None
        self._histories: dict[tuple[str, str], LabelHistory] = {}

    def results(self) -> Iterator[WindowResult]:
        """Yield the result of each window.

        Write each result before requesting the next: a window with fewer labels than `min_rows` is
        evaluated together with its neighbours.
        """
        if self._scope.again:
            with writing(self._connection):
                own = own_metrics_in_store(self._connection)
                reset_labelled_windows(self._connection, [*measured_with_labels(), *own])
        self._note_labels()
        with writing(self._connection):
            release_due(self._connection, clock.now())
        done: set[DueWindow] = set()
        all_due = labelled_windows(self._connection)
        latest = {due[:3]: due for due, _ in all_due}
        for due, newest in all_due:
            is_latest = latest[due[:3]] == due
            result = None if due in done else self._evaluate(due, newest, is_latest=is_latest)
            if result is not None:
                yield result
                done.update(_members(result))
            yield from self._corrected(due)

    def _note_labels(self) -> None:
        """Store the windows that new labels belong to, and advance the watermark of labels."""
        connection = self._connection
        before = watermark(connection, LABELS)
        if newest_label(connection) > before:
            with writing(connection):
                join_new_labels(connection, before)
        newest = newest_label(connection)
        digits = self._digits()
        labels = new_labels(connection, before, digits)
        moments = new_labels(connection, 0, digits).moments if self._scope.again else labels.moments
        due = set()
        for row in moments:
            window = Window.parse(self._scope.settings.for_model(row.model).window)
            start = self._start(row, window)
            if start is not None:
                due.add(DueWindow(row.model, row.version, window.text, start))
        if not due and newest == before:
            return
        with writing(connection):
            record_due(connection, due, newest)
            if advance(connection, LABELS, before, newest):
                add_label_days(connection, labels)

    def _digits(self) -> int:
        """Return how much of event times tells the windows of all models apart."""
        models = {counted.model for counted in counted_models(self._connection)}
        windows = (Window.parse(self._scope.settings.for_model(name).window) for name in models)
        return _MINUTES if all(map(_has_minutes, windows)) else _MILLISECONDS

    def _start(self, row: LabelledMoment, window: Window) -> str | None:
        """Return the start of a labelled row's window; None while no window includes the row."""
        if window.kind != "rows":
            return clock.iso(window.start(clock.parse(row.event_time) or 0.0))
        series = self._series(row.model, row.version, window.text)
        current = series and stored.window_at(self._connection, series, row.event_time)
        return current.window_start if current else None

    def _series(self, model: str, version: str, window: str) -> Series | None:
        row = active_reference(self._connection, model, version)
        return None if row is None else Series(model, version, row.id, window)

    def _evaluate(self, due: DueWindow, newest: int, *, is_latest: bool) -> WindowResult | None:
        """Return the result of the window and its group; None while it is incomplete."""
        bounds = self._bounds(*due)
        if bounds is None or not self._scope.is_over(due.model, due.version, bounds[0].end):
            return None
        settings = self._scope.settings.for_model(due.model)
        reference = self._reference(due.model, due.version, settings)
        pairs = self._pairs(due, bounds[1], bounds[2])
        group = self._group(_counted(due, pairs), reference, settings.min_rows)
        labelled = sum(part.labelled for part in group)
        first, last = (self._bounds(*part[:4]) or bounds for part in (group[0], group[-1]))
        enough = labelled >= settings.min_rows
        if enough and len(group) > 1:
            pairs = self._pairs(due, first[1], last[2])
        period = Period(due.model, due.version, due.window, first[0].start, last[0].end)
        series = Series(due.model, due.version, reference.id if reference else "", due.window)
        weekly = windows_a_week(self._connection, series, period.end)
        progress = self._progress(pairs, group, reference, settings, period)
        metrics = _performance(pairs, progress, settings, period)
        if enough:
            place = ConceptPlace(series, period.start, period.end, _hours(period))
            metrics = with_concept(self._connection, metrics, pairs, progress, settings, place)
        metrics = urgent(metrics, weekly, reference)
        if enough:
            known = None if reference is None else reference.performance
            metrics = with_slices(
                metrics, self._connection, settings, known, pairs, is_latest=is_latest
            )
        metrics.append(_coverage(pairs))
        if enough:
            metrics = self._attributed(metrics, pairs, reference, settings, period)
            alpha = progress.alpha(ALPHA[settings.sensitivity])
            own = own_metrics(self._connection, settings, due.model, pairs, alpha)
            metrics += urgent(explained(progress.over_all_looks(own)), weekly, reference)
        if enough and settings.groups:
            window = grouped_window(self._connection, settings, reference, pairs)
            window = dataclasses.replace(window, information=progress.information)
            rates = progress.over_all_looks(window.labelled_metrics())
            metrics += urgent(explained(rates), weekly, reference)
        now = time.time()
        arrivals = _arrivals(
            pairs if enough or len(group) == 1 else self._pairs(due, first[1], last[2])
        )
        ahead = next_horizon(arrivals, now)
        due_again = None if ahead is None else clock.iso(ahead)
        return WindowResult(
            period,
            [
                *(metrics if enough else _of_all(metrics, group)),
                *explained(arrival_metrics(arrivals, now)),
            ],
            reference,
            EvaluatedLabels(due, group, enough, newest, due_again),
            job="performance",
            revision=f"#{newest}/{sum(part.rows for part in group)}/{due_again or ''}",
            learning=reference is not None and reference.state == "provisional",
        )

    def _attributed(
        self,
        metrics: list[Metric],
        pairs: Sequence[LabelledPrediction],
        reference: Reference | None,
        settings: Settings,
        period: Period,
    ) -> list[Metric]:
        """Return the metrics, and what goes with a loss if the performance alerts."""
        if reference is None or is_within(reference, period.start, period.end):
            return metrics
        loss = lost_performance(self._connection, settings, reference, pairs, metrics)
        return metrics if loss is None else [*with_sentence(metrics, loss), *loss.metrics()]

    def _progress(
        self,
        rows: Sequence[LabelledPrediction],
        group: Sequence[LabelledWindow],
        reference: Reference | None,
        settings: Settings,
        period: Period,
    ) -> LabelProgress:
        """Return how far the labels of a group have arrived."""
        history = self._history(reference)
        is_new = all(evaluated_start(self._connection, part) is None for part in group)
        if reference is None or history is None or reference.state == "provisional":
            return LabelProgress(reference)
        is_complete = all(row.label is not None for row in rows)
        if is_new and (is_complete or not history.is_live(period.start, period.end)):
            return LabelProgress(reference)  # all its labels are there at the first evaluation
        return label_progress(rows, reference, history, settings)

    def _history(self, reference: Reference | None) -> LabelHistory | None:
        """Return the arrival of a model's labels, read once per pass."""
        now = clock.parse(received_at(self._connection, newest_label(self._connection)))
        if reference is None or now is None:
            return None
        key = reference.model, reference.version
        if key not in self._histories:
            history = LabelHistory(self._connection, reference, now)
            self._histories[key] = history
        return self._histories[key]

    def _corrected(self, due: DueWindow) -> Iterator[WindowResult]:
        """Yield the estimates of a window, corrected by the labels that have arrived."""
        settings = self._scope.settings.for_model(due.model)
        reference = self._reference(due.model, due.version, settings)
        if reference is None or reference.performance is None or reference.output_performance:
            return
        labels = labelled_window(self._connection, *due)
        if labels is None or labels.labelled >= NEARLY_ALL * labels.rows:
            return
        series = Series(due.model, due.version, reference.id, due.window)
        own = stored.get_window(self._connection, series, due.start)
        if own is None or own.evaluated_start is None:
            return
        group = stored.evaluated_with(self._connection, series, own.evaluated_start)
        first, _ = stored.bounds(self._connection, group[0], series)
        _, after = stored.bounds(self._connection, group[-1], series)
        period = Period(
            due.model, due.version, due.window, group[0].window_start, group[-1].window_end
        )
        history = self._history(reference)
        if history is None:
            return
        rows = self._pairs(due, first, after)
        known = reference.performance
        metrics = [
            *corrected_estimates(rows, known, history, settings),
            *corrected_error_estimates(rows, known, history),
        ]
        if metrics:
            yield WindowResult(period, explained(metrics), reference)

    def _pairs(self, due: DueWindow, first: RowKey, after: RowKey) -> list[LabelledPrediction]:
        """Return rows with their labels; the last ones are kept, because they are read twice."""
        key = due.model, due.version, first, after
        if self._last_pairs is None or self._last_pairs[0] != key:
            self._last_pairs = None  # so that only one window is in memory
            rows = labelled_predictions(self._connection, due.model, due.version, first, after)
            self._last_pairs = key, rows
        return self._last_pairs[1]

    def _group(
        self, own: LabelledWindow, reference: Reference | None, min_rows: int
    ) -> list[LabelledWindow]:
        """Return the windows to evaluate together with this one, in order, including itself."""
        start = evaluated_start(self._connection, own)
        if start is not None:
            together = evaluated_with(self._connection, own, start)
            return [own if part.window_start == own.window_start else part for part in together]
        waiting = [
            window
            for window in neighbours(self._connection, own)
            if _is_in(reference, window) == _is_in(reference, own)
        ]
        before = evaluated_before(self._connection, waiting)
        if not before or _is_in(reference, before[0]) != _is_in(reference, own):
            return waiting
        is_around = before[-1].window_start > own.window_start
        if not is_around and sum(window.labelled for window in waiting) >= min_rows:
            return waiting
        return sorted([*before, *waiting], key=lambda window: window.window_start)

    def _bounds(
        self, model: str, version: str, window: str, start: str
    ) -> tuple[Period, RowKey, RowKey] | None:
        """Return a window's period, and the keys of its first row and of the row after it."""
        length = Window.parse(window)
        if length.kind != "rows":
            end = clock.iso(length.end(clock.parse(start) or 0.0))
            return Period(model, version, window, start, end), (start, 0, 0), (end, 0, 0)
        series = self._series(model, version, window)
        counted = series and stored.get_window(self._connection, series, start)
        if not counted or series is None:
            return None
        period = Period(model, version, window, start, counted.window_end)
        return period, *stored.bounds(self._connection, counted, series)

    def _reference(self, model: str, version: str, settings: Settings) -> Reference | None:
        """Return the active reference with its performance if known, read once per pass."""
        key = model, version
        if key not in self._references:
            row = active_reference(self._connection, model, version)
            self._references[key] = row and self._with_baselines(
                Reference.from_json(row.payload), settings
            )
        return self._references[key]

    def _with_baselines(self, reference: Reference, settings: Settings) -> Reference:
        """Return the reference with its performance and the rates of its groups, if known."""
        learnt = with_performance(self._connection, reference, settings)
        return with_saved_gaps(self._connection, learnt, settings)


def _arrivals(rows: Sequence[LabelledPrediction]) -> WindowArrivals:
    return window_arrivals(
        [row.predicted_at or row.event_time or "" for row in rows],
        [row.label is not None for row in rows],
        [row.delay for row in rows],
    )


def _has_minutes(window: Window) -> bool:
    """Return whether rows of the same minute are in the same window."""
    return window.kind == "months" or (window.kind == "seconds" and window.size % 60 == 0)


def _counted(due: DueWindow, pairs: Sequence[LabelledPrediction]) -> LabelledWindow:
    labelled = sum(pair.label is not None and pair.prediction is not None for pair in pairs)
    return LabelledWindow(*due, rows=len(pairs), labelled=labelled)


def _of_all(metrics: Sequence[Metric], group: Sequence[LabelledWindow]) -> list[Metric]:
    """Return the metrics of the last window of a waiting group, with the rows of the group."""
    rows, labelled = sum(part.rows for part in group), sum(part.labelled for part in group)
    coverage = replace(
        metrics[-1], rows=rows, count=labelled, value=labelled / rows if rows else 0.0
    )
    return [*(replace(metric, rows=labelled) for metric in metrics[:-1]), coverage]


def _is_in(reference: Reference | None, window: LabelledWindow) -> bool:
    """Return whether a window starts before the end of the reference, which none crosses."""
    if reference is None or reference.state == "provisional":
        return False
    end = reference.to_time
    return end is not None and window.window_start < end


def _members(result: WindowResult) -> list[DueWindow]:
    """Return the windows that this result covers, which need no separate evaluation."""
    done = result.done
    if not isinstance(done, EvaluatedLabels) or not done.enough:
        return []
    return [DueWindow(*window[:4]) for window in done.windows]


def _performance(
    pairs: Sequence[LabelledPrediction],
    progress: LabelProgress,
    settings: Settings,
    period: Period,
) -> list[Metric]:
    """Return the performance of the model, or of each output as a separate segment."""
    reference = progress.reference
    predictions, labels = [pair.prediction for pair in pairs], [pair.label for pair in pairs]
    learning = reference is not None and reference.state == "provisional"
    whole = reference.performance if reference is not None and not learning else None
    outputs = reference.output_performance if reference is not None and not learning else {}
    sets = quantile_sets(predictions)
    by_output = {} if sets is not None else output_pairs(predictions, labels)
    if sets is not None:
        medians = point_forecasts(predictions) or ()
        metrics = [
            *_evaluated(medians, labels, whole, progress, settings, period),
            *quantile_metrics(sets, labels, settings.min_rows),
        ]
    elif not by_output:
        scores = [pair.score for pair in pairs]
        metrics = _evaluated(predictions, labels, whole, progress, settings, period, scores)
    else:
        metrics = [
            replace(metric, segment=_of_output(name, metric.segment))
            for name, own in by_output.items()
            for metric in _evaluated(*own, outputs.get(name), progress, settings, period)
        ]
    return explained(map(_while_learning, metrics) if learning else metrics)


def _of_output(name: str, segment: str | None) -> str:
    """Return the segment of an output, or of a class of it."""
    return f"{OUTPUT_SEGMENT}{name}" + (f",{segment}" if segment else "")


def _evaluated(
    predictions: Sequence[Any],
    labels: Sequence[Any],
    baseline: Baseline | None,
    progress: LabelProgress,
    settings: Settings,
    period: Period,
    scores: Sequence[float | None] | None = None,
) -> list[Metric]:
    context = LabelledContext(
        baseline.task if baseline is not None else settings.task,
        predictions,
        labels,
        baseline,
        min_rows=settings.min_rows,
        alpha=progress.alpha(ALPHA[settings.sensitivity]),
        hours=_hours(period),
        form=label_form(settings),
        scores=scores,
    )
    return progress.over_all_looks(evaluate(context))


def _while_learning(metric: Metric) -> Metric:
    """Return a metric without an alert, because the baseline is still being learnt."""
    decides = metric.verdict not in (None, NOT_ENOUGH_ROWS, NOT_COMPARABLE)
    return replace(metric, verdict=LEARNING) if decides else metric


def _hours(period: Period) -> frozenset[int]:
    """Return the hours of the day (UTC) in a period; empty if it is a day or longer."""
    start, end = clock.parse(period.start) or 0.0, clock.parse(period.end) or 0.0
    if end - start >= clock.DAY:
        return frozenset()
    hours = range(int(start // clock.HOUR), int(-(-end // clock.HOUR)))
    return frozenset(hour % 24 for hour in hours)


def _coverage(pairs: Sequence[LabelledPrediction]) -> Metric:
    labelled = sum(pair.label is not None for pair in pairs)
    return Metric(
        metric="label_coverage",
        rows=len(pairs),
        count=labelled,
        value=labelled / len(pairs) if pairs else 0.0,
    )
