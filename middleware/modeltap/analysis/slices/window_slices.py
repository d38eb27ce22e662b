"""The worst slices of a window, as metrics and in the alert of its performance."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence

from msgspec.structs import replace

from modeltap.analysis.model.baseline import Baseline
from modeltap.analysis.model.metric import ALERT, Metric, finite
from modeltap.analysis.slices.error_rows import error_rows, with_columns
from modeltap.analysis.slices.slice_conditions import joined_quoted
from modeltap.analysis.slices.worst_slices import MIN_LABELLED, WorstSlice, worst_slices
from modeltap.config.metrics import rule_of
from modeltap.config.settings import Settings
from modeltap.store.labelled_rows import LabelledPrediction
from modeltap.wording import number, percent, plural

_RULE = "performance"
"""The rule of the alerts that name a slice."""

_ROWS = 20_000
"""Rows of a window that are searched: more take longer than the window's performance."""


def with_slices(
    metrics: Sequence[Metric],
    connection: sqlite3.Connection,
    settings: Settings,
    baseline: Baseline | None,
    rows: Sequence[LabelledPrediction],
    *,
    is_latest: bool,
) -> list[Metric]:
    """Return a window's performance with its worst slices, if it alerts or is the latest.

    Each slice is a `slice_error`, without a verdict. The worst is a part of the explanation of the
    strongest alert, and its examples are those of the alert.
    """
    alerts = [own for own in metrics if own.verdict == ALERT and rule_of(own.metric) == _RULE]
    if not alerts and not is_latest:
        return list(metrics)
    slices = slice_metrics(connection, settings, baseline, rows)
    if not alerts or not slices:
        return [*metrics, *slices]
    strongest = max(alerts, key=lambda metric: metric.strength or 0.0)
    explained = replace(
        strongest,
        explanation="; ".join(filter(None, (strongest.explanation, slices[0].explanation))),
        examples=strongest.examples or slices[0].examples,
    )
    return [*(explained if own is strongest else own for own in metrics), *slices]


def slice_metrics(
    connection: sqlite3.Connection,
    settings: Settings,
    baseline: Baseline | None,
    rows: Sequence[LabelledPrediction],
) -> list[Metric]:
    """Return `slice_error` of the worst slices of a window's rows; none for too few labels.

    Args:
        settings: the model's own.
    """
    own = error_rows(rows, settings, baseline)
    if len(own.errors) < MIN_LABELLED:
        return []
    report = worst_slices(with_columns(connection, own, settings, _ROWS), settings)
    return [_metric(worst, binary=own.binary) for worst in report.slices]


def _metric(worst: WorstSlice, *, binary: bool) -> Metric:
    error = worst.error
    return Metric(
        metric="slice_error",
        segment=worst.name,
        rows=error.rows,
        count=round(error.value * error.rows) if binary else None,
        value=finite(error.value),
        low=finite(error.low),
        high=finite(error.high),
        p_value=error.p_value,
        explanation=_sentence(worst, binary=binary),
        examples=json.dumps(worst.examples),
    )


def _sentence(worst: WorstSlice, *, binary: bool) -> str:
    """Return the error of a slice as a sentence, with its categories in quotes."""
    text, error = percent if binary else number, worst.error
    name = "wrong predictions" if binary else "mean absolute error"
    return (
        f"worst where {joined_quoted(worst.conditions)}: {name} {text(error.value)} in "
        f"{plural(error.rows, 'row')}, {text(error.rest)} elsewhere"
    )
