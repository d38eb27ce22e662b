"""The performance of the windows that labels came for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from modeltap import clock
from modeltap.analysis.detectors import performance
from modeltap.analysis.explanations.explain import explained
from modeltap.analysis.model.baseline import infer_task
from modeltap.analysis.model.metric import Metric
from modeltap.analysis.model.reference import Reference
from modeltap.analysis.references.late_baseline import with_performance
from modeltap.analysis.verdicts.results import Period, WindowResult
from modeltap.analysis.verdicts.scope import PassScope
from modeltap.analysis.verdicts.urgency import urgent, windows_a_week
from modeltap.config.settings import Settings
from modeltap.config.windows import Window
from modeltap.store import windows as stored
from modeltap.store.connection import writing
from modeltap.store.due_windows import DueWindow, labelled_windows, note_due
from modeltap.store.labels import (
    LabelledRow,
    labelled_rows_after,
    newest_label,
    note_label_days,
)
from modeltap.store.predictions import LabelledPrediction, RowKey, labelled_predictions
from modeltap.store.references import active_reference
from modeltap.store.watermarks import LABELS, advance, watermark
from modeltap.store.windows import Series


class LabelledWindows:
    """Evaluates each complete window that labels came for since it was evaluated last."""

    def __init__(self, scope: PassScope) -> None:
        self._scope = scope
        self._connection = scope.connection
        self._references: dict[tuple[str, str], Reference | None] = {}

    def results(self) -> Iterator[WindowResult]:
        """Yield the result of each of them."""
        self._note_labels()
        for due, newest in labelled_windows(self._connection):
            result = self._evaluate(due, newest)
            if result is not None:
                yield result

    def _note_labels(self) -> None:
        """Note which windows new labels belong to, and how far the labels were read."""
        connection = self._connection
        before = watermark(connection, LABELS)
        newest = newest_label(connection)
        due = set()
        for row in labelled_rows_after(connection, 0 if self._scope.again else before):
            window = Window.parse(self._scope.settings.for_model(row.model).window)
            start = self._start(row, window)
            if start is not None:
                due.add(DueWindow(row.model, row.version, window.text, start))
        if not due and newest == before:
            return
        with writing(connection):
            note_due(connection, due, newest)
            if advance(connection, LABELS, before, newest):
                note_label_days(connection, before)

    def _start(self, row: LabelledRow, window: Window) -> str | None:
        """Return the start of a labelled row's window; None while no window has its row."""
        if window.kind != "rows":
            return clock.iso(window.start(clock.parse(row.event_time) or 0.0))
        series = self._series(row.model, row.version, window.text)
        found = series and stored.window_at(self._connection, series, row.event_time)
        return found.window_start if found else None

    def _series(self, model: str, version: str, window: str) -> Series | None:
        row = active_reference(self._connection, model, version)
        return None if row is None else Series(model, version, row.id, window)

    def _evaluate(self, due: DueWindow, newest: int) -> WindowResult | None:
        """Return the window's result; None while it is not complete."""
        bounds = self._bounds(*due)
        if bounds is None or not self._scope.is_over(due.model, due.version, bounds[0].end):
            return None
        period, first, after = bounds
        settings = self._scope.settings.for_model(due.model)
        reference = self._reference(due.model, due.version, settings)
        pairs = labelled_predictions(self._connection, due.model, due.version, first, after)
        series = Series(due.model, due.version, reference.id if reference else "", due.window)
        weekly = windows_a_week(self._connection, series, period.end)
        metrics = urgent(_performance(pairs, reference, settings), weekly, reference)
        return WindowResult(
            period,
            [*metrics, _coverage(pairs)],
            reference,
            due,
            job="performance",
            revision=f"#{newest}/{len(pairs)}",
        )

    def _bounds(
        self, model: str, version: str, window: str, start: str
    ) -> tuple[Period, RowKey, RowKey] | None:
        """Return a window's period, the place of its first row, and that of the row after it."""
        length = Window.parse(window)
        if length.kind != "rows":
            end = clock.iso(length.end(clock.parse(start) or 0.0))
            return Period(model, version, window, start, end), (start, 0, 0), (end, 0, 0)
        series = self._series(model, version, window)
        found = series and stored.get_window(self._connection, series, start)
        if not found or series is None:
            return None
        period = Period(model, version, window, start, found.window_end)
        return period, *stored.bounds(self._connection, found, series)

    def _reference(self, model: str, version: str, settings: Settings) -> Reference | None:
        """Return the active reference, read once a pass, with its performance if it is known."""
        key = model, version
        if key not in self._references:
            row = active_reference(self._connection, model, version)
            self._references[key] = row and with_performance(
                self._connection, Reference.from_json(row.payload), settings
            )
        return self._references[key]


def _performance(
    pairs: Sequence[LabelledPrediction], reference: Reference | None, settings: Settings
) -> list[Metric]:
    predictions, labels = [pair.prediction for pair in pairs], [pair.label for pair in pairs]
    baseline = reference.performance if reference is not None else None
    task = baseline.task if baseline is not None else settings.task
    context = performance.LabelledContext(
        task or infer_task(labels, predictions),
        predictions,
        labels,
        baseline,
        min_rows=settings.min_rows,
    )
    return explained(performance.evaluate(context))


def _coverage(pairs: Sequence[LabelledPrediction]) -> Metric:
    labelled = sum(pair.label is not None for pair in pairs)
    return Metric(
        metric="label_coverage",
        rows=len(pairs),
        count=labelled,
        value=labelled / len(pairs) if pairs else 0.0,
    )
