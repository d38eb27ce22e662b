"""Performance of the windows for which labels arrived."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from msgspec.structs import replace

from modeltap import clock
from modeltap.analysis.arrival.label_arrival import arrival_metrics, next_horizon
from modeltap.analysis.attribution.lost_performance import lost_performance, with_sentence
from modeltap.analysis.detectors.context import ALPHA
from modeltap.analysis.explanations.explain import explained
from modeltap.analysis.fairness.fair_windows import grouped_window
from modeltap.analysis.labelling.corrected_window import correctable, corrected_metrics
from modeltap.analysis.labelling.label_histories import LabelHistories
from modeltap.analysis.labelling.new_label_windows import record_new_labels
from modeltap.analysis.labelling.window_bounds import window_bounds
from modeltap.analysis.labelling.window_group import window_group
from modeltap.analysis.labelling.window_performance import (
    arrivals_of,
    coverage_metric,
    hours_of,
    window_performance,
)
from modeltap.analysis.model.metric import Metric
from modeltap.analysis.model.reference import Reference
from modeltap.analysis.references.late_baseline import with_performance
from modeltap.analysis.relearning.concept_of_labels import ConceptPlace, with_concept
from modeltap.analysis.relearning.label_progress import LabelProgress
from modeltap.analysis.relearning.past_gaps import spreads_of_window
from modeltap.analysis.relearning.saved_gaps import with_saved_gaps
from modeltap.analysis.row_metrics.own_metrics import own_metrics
from modeltap.analysis.slices.window_slices import with_slices
from modeltap.analysis.verdicts.results import EvaluatedLabels, Period, WindowResult, is_within
from modeltap.analysis.verdicts.scope import PassScope
from modeltap.analysis.verdicts.urgency import urgent, windows_a_week
from modeltap.config.metrics import measured_with_labels
from modeltap.config.settings import Settings
from modeltap.store.connection import writing
from modeltap.store.due_windows import DueWindow, labelled_windows, release_due
from modeltap.store.labelled_rows import LabelledRows
from modeltap.store.labelled_windows import LabelledWindow, reset_labelled_windows
from modeltap.store.metrics import own_metrics_in_store
from modeltap.store.predictions import RowKey, labelled_predictions
from modeltap.store.references import active_reference
from modeltap.store.windows import Series

_Rows = tuple[tuple[str, str, RowKey, RowKey], LabelledRows]
"""A model, a version, the keys of the first row and of the row after the last, and the rows."""


class _LabelledGroup(NamedTuple):
    """Windows that are evaluated together, with what their evaluation needs.

    `rows` are those of all windows if `enough` have labels, else those of the due one.
    """

    due: DueWindow
    parts: list[LabelledWindow]
    enough: bool
    rows: LabelledRows
    period: Period
    series: Series
    reference: Reference | None
    settings: Settings
    is_latest: bool


class LabelledWindows:
    """Evaluation of complete windows with labels that arrived since the last evaluation."""

    def __init__(self, scope: PassScope) -> None:
        self._scope = scope
        self._connection = scope.connection
        self._references: dict[tuple[str, str], Reference | None] = {}
        self._last_rows: _Rows | None = None
        self._histories = LabelHistories(scope.connection)

    def results(self) -> Iterator[WindowResult]:
        """Yield the result of each window.

        Write each result before requesting the next: a window with fewer labels than `min_rows` is
        evaluated together with its neighbours.
        """
        if self._scope.again:
            with writing(self._connection):
                own = own_metrics_in_store(self._connection)
                reset_labelled_windows(self._connection, [*measured_with_labels(), *own])
        record_new_labels(self._connection, self._scope.settings, again=self._scope.again)
        with writing(self._connection):
            release_due(self._connection, clock.now())
        done: set[DueWindow] = set()
        all_due = labelled_windows(self._connection)
        latest = {due[:3]: due for due, _ in all_due}
        for due, newest in all_due:
            if due not in done:
                group = self._group(due, is_latest=latest[due[:3]] == due)
                if group is not None:
                    result = self._evaluated(group, newest)
                    yield result
                    done.update(_members(result))
            yield from self._corrected(due)

    def _group(self, due: DueWindow, *, is_latest: bool) -> _LabelledGroup | None:
        """Return the window and those to evaluate with it; None while it is incomplete."""
        own = window_bounds(self._connection, due)
        if own is None or not self._scope.is_over(due.model, due.version, own.end):
            return None
        settings = self._scope.settings.for_model(due.model)
        reference = self._reference(due.model, due.version, settings)
        rows = self._rows(due, own.first, own.after)
        parts = window_group(self._connection, due, rows, reference, settings.min_rows)
        enough = sum(part.labelled for part in parts) >= settings.min_rows
        first, last = (
            window_bounds(self._connection, DueWindow(*part[:4])) or own
            for part in (parts[0], parts[-1])
        )
        if enough and len(parts) > 1:
            rows = self._rows(due, first.first, last.after)
        period = Period(due.model, due.version, due.window, first.start, last.end)
        series = Series(due.model, due.version, reference.id if reference else "", due.window)
        return _LabelledGroup(
            due, parts, enough, rows, period, series, reference, settings, is_latest
        )

    def _evaluated(self, group: _LabelledGroup, newest: int) -> WindowResult:
        """Return the result of a group of windows; `newest` is the last label that it includes."""
        period = group.period.start, group.period.end
        progress = self._histories.progress(
            group.rows, group.parts, group.reference, group.settings, period
        )
        metrics = self._metrics(group, progress)
        now = time.time()
        arrivals = arrivals_of(self._all_rows(group))
        ahead = next_horizon(arrivals, now)
        due_again = None if ahead is None else clock.iso(ahead)
        rows = sum(part.rows for part in group.parts)
        return WindowResult(
            group.period,
            [
                *(metrics if group.enough else _of_all(metrics, group.parts)),
                *explained(arrival_metrics(arrivals, now)),
            ],
            group.reference,
            EvaluatedLabels(group.due, group.parts, group.enough, newest, due_again),
            job="performance",
            revision=f"#{newest}/{rows}/{due_again or ''}",
            learning=group.reference is not None and group.reference.state == "provisional",
        )

    def _metrics(self, group: _LabelledGroup, progress: LabelProgress) -> list[Metric]:
        """Return the performance of a group; only that and the coverage if it has few labels."""
        rows, period, settings = group.rows, group.period, group.settings
        weekly = windows_a_week(self._connection, group.series, period.end)
        hours = hours_of(period.start, period.end)
        metrics = window_performance(rows, progress, settings, hours)
        if not group.enough:
            return [*urgent(metrics, weekly, group.reference), coverage_metric(rows)]
        place = ConceptPlace(group.series, period.start, period.end, hours)
        metrics = with_concept(self._connection, metrics, rows, progress, settings, place)
        metrics = urgent(metrics, weekly, group.reference)
        known = None if group.reference is None else group.reference.performance
        metrics = with_slices(
            metrics, self._connection, settings, known, rows, is_latest=group.is_latest
        )
        metrics = self._attributed([*metrics, coverage_metric(rows, metrics)], group)
        return metrics + urgent(
            explained(progress.over_all_looks(self._further(group, progress))),
            weekly,
            group.reference,
        )

    def _further(self, group: _LabelledGroup, progress: LabelProgress) -> list[Metric]:
        """Return the user's own metrics, and the rates of the configured groups of rows."""
        settings = group.settings
        alpha = progress.alpha(ALPHA[settings.sensitivity])
        own = own_metrics(self._connection, settings, group.due.model, group.rows, alpha)
        if not settings.groups:
            return own
        window = grouped_window(self._connection, settings, group.reference, group.rows)
        window = dataclasses.replace(window, information=progress.information)
        return [*own, *window.labelled_metrics()]

    def _attributed(self, metrics: list[Metric], group: _LabelledGroup) -> list[Metric]:
        """Return the metrics, and what goes with a loss if the performance alerts."""
        reference = group.reference
        if reference is None or is_within(reference, group.period.start, group.period.end):
            return metrics
        loss = lost_performance(self._connection, group.settings, reference, group.rows, metrics)
        return metrics if loss is None else [*with_sentence(metrics, loss), *loss.metrics()]

    def _corrected(self, due: DueWindow) -> Iterator[WindowResult]:
        """Yield the estimates of a window, corrected by the labels that have arrived."""
        settings = self._scope.settings.for_model(due.model)
        reference = self._reference(due.model, due.version, settings)
        inputs = correctable(self._connection, due, reference)
        history = None if inputs is None else self._histories.of(reference)
        if inputs is None or history is None or reference is None:
            return
        rows = self._rows(due, inputs.first, inputs.after)
        series = Series(due.model, due.version, reference.id, due.window)
        spreads = spreads_of_window(
            self._connection, series, inputs.start, inputs.end, reference.performance
        )
        metrics = corrected_metrics(rows, reference, history, settings, spreads)
        if metrics:
            period = Period(due.model, due.version, due.window, inputs.start, inputs.end)
            yield WindowResult(period, metrics, reference)

    def _all_rows(self, group: _LabelledGroup) -> LabelledRows:
        """Return the rows of all windows of a group, which has read them if enough have labels."""
        if group.enough or len(group.parts) == 1:
            return group.rows
        bounds = [
            window_bounds(self._connection, DueWindow(*part[:4]))
            for part in (group.parts[0], group.parts[-1])
        ]
        first, last = bounds
        if first is None or last is None:
            return group.rows
        return self._rows(group.due, first.first, last.after)

    def _rows(self, due: DueWindow, first: RowKey, after: RowKey) -> LabelledRows:
        """Return rows with their labels; the last ones are kept, because they are read twice."""
        key = due.model, due.version, first, after
        if self._last_rows is None or self._last_rows[0] != key:
            self._last_rows = None  # so that only one window is in memory
            rows = labelled_predictions(self._connection, due.model, due.version, first, after)
            self._last_rows = key, rows
        return self._last_rows[1]

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


def _of_all(metrics: Sequence[Metric], group: Sequence[LabelledWindow]) -> list[Metric]:
    """Return the metrics of the last window of a waiting group, with the rows of the group."""
    rows, labelled = sum(part.rows for part in group), sum(part.labelled for part in group)
    coverage = replace(
        metrics[-1], rows=rows, count=labelled, value=labelled / rows if rows else 0.0
    )
    return [*(replace(metric, rows=labelled) for metric in metrics[:-1]), coverage]


def _members(result: WindowResult) -> list[DueWindow]:
    """Return the windows that this result covers, which need no separate evaluation."""
    done = result.done
    if not isinstance(done, EvaluatedLabels) or not done.enough:
        return []
    return [DueWindow(*window[:4]) for window in done.windows]
