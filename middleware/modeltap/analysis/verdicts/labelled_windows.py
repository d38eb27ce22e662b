"""Judging the model's answers of those windows that labels came for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec

from modeltap import clock
from modeltap.analysis.counting.labelled import LABELS
from modeltap.analysis.detectors import performance
from modeltap.analysis.explanations.explain import explained
from modeltap.analysis.model.baseline import infer_task
from modeltap.analysis.model.metric import Metric
from modeltap.analysis.model.reference import Reference
from modeltap.analysis.references.freeze import save
from modeltap.analysis.references.performance_baseline import learn_baseline
from modeltap.analysis.verdicts.recorder import Judging, Period
from modeltap.config.windows import Window
from modeltap.store import windows as stored
from modeltap.store.connection import writing
from modeltap.store.due_windows import DueWindow, forget_due, labelled_windows, note_due
from modeltap.store.labels import (
    LabelledRow,
    labelled_rows_after,
    newest_label,
    note_label_days,
)
from modeltap.store.predictions import LabelledPrediction, RowKey, labelled_predictions
from modeltap.store.references import active_reference
from modeltap.store.watermarks import advance, watermark
from modeltap.store.windows import Series


@dataclass
class PerformanceJudge:
    """Judges each complete window that labels came for since it was judged last."""

    judging: Judging

    def __post_init__(self) -> None:
        self._references: dict[tuple[str, str], Reference | None] = {}

    def run(self) -> int:
        """Judge them; return how many."""
        self._note_labels()
        due = labelled_windows(self.judging.connection)
        return sum(self._judge(window, newest) for window, newest in due)

    def _note_labels(self) -> None:
        """Note which windows new labels belong to, and how far the labels were read."""
        connection = self.judging.connection
        before = watermark(connection, LABELS)
        newest = newest_label(connection)
        due = set()
        for row in labelled_rows_after(connection, 0 if self.judging.again else before):
            window = Window.parse(self.judging.settings_of(row.model).window)
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
        """Return the start of the window that a labelled row lies in; None while it is not cut."""
        if window.kind != "rows":
            return clock.iso(window.start(clock.parse(row.event_time) or 0.0))
        series = self._series(row.model, row.version, window.text)
        found = series and stored.window_at(self.judging.connection, series, row.event_time)
        return found["window_start"] if found else None

    def _series(self, model: str, version: str, window: str) -> Series | None:
        row = active_reference(self.judging.connection, model, version)
        return None if row is None else Series(model, version, row.id, window)

    def _judge(self, due: DueWindow, newest: int) -> bool:
        model, version = due.model, due.version
        settings = self.judging.settings_of(model)
        where = self._where(*due)
        if where is None or not self.judging.is_over(model, version, where[0].end):
            return False
        period, first, after = where
        if (model, version) not in self._references:
            self._references[model, version] = self._reference(model, version)
        reference = self._references[model, version]
        pairs = self._pairs(model, version, first, after)
        predictions, truths = [p.prediction for p in pairs], [p.label for p in pairs]
        labelled = sum(value is not None for value in truths)
        task = settings.task
        if reference is not None and reference.performance is not None:
            task = reference.performance.task
        context = performance.LabelledContext(
            task or infer_task(truths, predictions),
            predictions,
            truths,
            reference.performance if reference else None,
            min_rows=settings.min_rows,
        )
        metrics = explained(performance.evaluate(context))
        metrics.append(
            Metric(
                metric="label_coverage",
                rows=len(pairs),
                count=labelled,
                value=labelled / len(pairs) if pairs else 0.0,
            )
        )
        connection = self.judging.connection
        return self.judging.write(
            "performance",
            period,
            metrics,
            revision=f"#{newest}/{len(pairs)}",
            reference=reference,
            also=lambda: forget_due(connection, due),
        )

    def _where(
        self, model: str, version: str, window: str, start: str
    ) -> tuple[Period, RowKey, RowKey] | None:
        """Return a window's period, and where its rows begin and those after them do."""
        length = Window.parse(window)
        if length.kind != "rows":
            end = clock.iso(length.end(clock.parse(start) or 0.0))
            return Period(model, version, window, start, end), (start, 0, 0), (end, 0, 0)
        series = self._series(model, version, window)
        found = series and stored.get_window(self.judging.connection, series, start)
        if not found or series is None:
            return None
        period = Period(model, version, window, start, found["window_end"])
        return period, *stored.bounds(self.judging.connection, found, series)

    def _pairs(
        self, model: str, version: str, start: RowKey, end: RowKey
    ) -> list[LabelledPrediction]:
        """Return prediction and last label of each row of a period; no label is None."""
        return labelled_predictions(self.judging.connection, model, version, start, end)

    def _reference(self, model: str, version: str) -> Reference | None:
        """Return the reference; its record is learnt when enough of its labels have come."""
        row = active_reference(self.judging.connection, model, version)
        if row is None:
            return None
        reference = Reference.from_json(row.payload)
        if reference.performance is None and reference.from_time and reference.to_time:
            pairs = self._pairs(
                model, version, (reference.from_time, 0, 0), (reference.to_time, 0, 0)
            )
            labels: list[Any] = [pair.label for pair in pairs]
            settings = self.judging.settings_of(model)
            if sum(label is not None for label in labels) >= settings.min_rows:
                predictions: list[Any] = [pair.prediction for pair in pairs]
                record = learn_baseline(predictions, labels, settings.task)
                reference = msgspec.structs.replace(reference, performance=record)
                with writing(self.judging.connection):
                    save(self.judging.connection, reference)
        return reference
