"""Concept drift of a stored window, from its metrics and those of the windows before it."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any, NamedTuple

from modeltap.analysis.concept.concept_drift import ExcessAt, InputChanges, concept_drift
from modeltap.analysis.concept.excess import (
    Excess,
    Expected,
    expected_of,
    expected_without_inputs,
)
from modeltap.analysis.detectors.context import PERFORMANCE_SHARE
from modeltap.analysis.estimation.simulated_labels import expected_accuracy
from modeltap.analysis.estimation.unlabelled import Outputs, scored_rows
from modeltap.analysis.model.baseline import Baseline
from modeltap.analysis.model.metric import NO_REFERENCE, NORMAL_95, Metric
from modeltap.config.metrics import is_output
from modeltap.store.window_facts import drifts_within, estimates_within, intervals_before
from modeltap.store.windows import Series

CONCEPT_SHARE = PERFORMANCE_SHARE
"""The part of a window's level for concept drift, which has a level of its own."""

_FEWEST = 2
"""The window has enough labels; nearly all of them have a score."""

_NEARLY_ALL = 0.95
"""The fraction of rows with a label from which the labelled ones are like all of them."""

_DECIDING = ("mae", "accuracy")
"""The metrics of errors: of numbers and of classes."""


class LabelledOutputs(NamedTuple):
    """The (n,) predictions of a window's labelled rows, and the scores that accompany them."""

    predictions: Sequence[Any]
    scores: Sequence[float | None]
    decision_threshold: float


def window_concept(
    connection: sqlite3.Connection,
    series: Series,
    period: tuple[str, str],
    metrics: Sequence[Metric],
    baseline: Baseline | None,
    outputs: LabelledOutputs,
    level: float,
) -> Metric | None:
    """Return `concept_drift` of a window; None if its performance could not be measured.

    Args:
        period: its start and end.
        metrics: its performance.
        outputs: those of its labelled rows.
        level: false alarms per window.
    """
    measured = next((own for own in metrics if own.metric in _DECIDING), None)
    if measured is None or measured.value is None or measured.segment is not None:
        return None
    if baseline is None:
        return Metric(metric="concept_drift", rows=measured.rows, verdict=NO_REFERENCE)
    return concept_drift(
        measured,
        _expected(connection, series, period, measured, outputs, baseline),
        baseline,
        _changes(connection, series, period),
        _earlier(connection, series, period[0]),
        period[0],
        level,
    )


def _expected(
    connection: sqlite3.Connection,
    series: Series,
    period: tuple[str, str],
    measured: Metric,
    outputs: LabelledOutputs,
    baseline: Baseline,
) -> Expected:
    """Return the error that is expected of the labelled rows.

    It is that of all rows of the window if nearly all have labels, otherwise that of the scores of
    those that have, and without either that of the reference.
    """
    parts = estimates_within(connection, series, *period, "expected_error")
    of_all = expected_of(
        [
            Metric(metric="expected_error", rows=p.rows, value=p.value, low=p.low, high=p.high)
            for p in parts
        ]
    )
    if of_all is not None and measured.rows >= _NEARLY_ALL * of_all.rows:
        return of_all
    of_scores = _of_scores(outputs, baseline)
    return of_scores or of_all or expected_without_inputs(baseline, measured.rows)


def _of_scores(outputs: LabelledOutputs, baseline: Baseline) -> Expected | None:
    """Return the error that the scores of the labelled rows lead to expect; None without them."""
    known = baseline.scores
    if known is None or known.calibration is None:
        return None
    rows = scored_rows(
        Outputs(outputs.predictions, outputs.scores),
        known,
        known.calibration,
        outputs.decision_threshold,
    )
    if len(rows.scores) < _FEWEST:
        return None
    own = expected_accuracy(rows.scores, rows.predicted, known.calibration)
    return Expected(1 - own.value, (own.high - own.low) / 2 / NORMAL_95, len(rows.scores))


def _changes(
    connection: sqlite3.Connection, series: Series, period: tuple[str, str]
) -> InputChanges:
    drifts = [
        own
        for own in drifts_within(connection, series.model, series.version, *period)
        if not is_output(own.feature)
    ]
    moved = tuple(own.feature or "several columns together" for own in drifts if own.alert)
    return InputChanges(moved, bool(drifts))


def _earlier(connection: sqlite3.Connection, series: Series, start: str) -> list[ExcessAt]:
    return [
        ExcessAt(
            own.window_start, own.rows, Excess(own.value, (own.high - own.low) / 2 / NORMAL_95)
        )
        for own in intervals_before(connection, series, start, "concept_drift")
    ]
