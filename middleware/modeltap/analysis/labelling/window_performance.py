"""Performance of a window's labelled rows: of the model, or of each output."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec.structs import replace

from modeltap import clock
from modeltap.analysis.arrival.label_arrival import WindowArrivals, window_arrivals
from modeltap.analysis.arrival.unused_labels import unused_labels
from modeltap.analysis.detectors.context import ALPHA
from modeltap.analysis.explanations.explain import explained
from modeltap.analysis.model.baseline import Baseline
from modeltap.analysis.model.metric import LEARNING, NOT_COMPARABLE, NOT_ENOUGH_ROWS, Metric
from modeltap.analysis.performance.evaluation import evaluate
from modeltap.analysis.performance.labelled import LabelledContext
from modeltap.analysis.references.performance_baseline import label_form
from modeltap.analysis.relearning.label_progress import LabelProgress
from modeltap.analysis.row_metrics.quantile_loss import (
    point_forecasts,
    quantile_metrics,
    quantile_sets,
)
from modeltap.config.metrics import output_segment
from modeltap.config.settings import Settings
from modeltap.decoding.outputs import output_pairs
from modeltap.store.labelled_rows import LabelledRows


def window_performance(
    rows: LabelledRows, progress: LabelProgress, settings: Settings, hours: frozenset[int]
) -> list[Metric]:
    """Return the performance of the model, or of each output as a separate segment.

    Args:
        rows: all rows of the window.
        hours: the window's hours of the day; see `hours_of`.
    """
    reference = progress.reference
    learning = reference is not None and reference.state == "provisional"
    whole = reference.performance if reference is not None and not learning else None
    outputs = reference.output_performance if reference is not None and not learning else {}
    predictions, labels = rows.predictions, rows.labels
    sets = quantile_sets(predictions)
    by_output = {} if sets is not None else output_pairs(predictions, labels)
    if sets is not None:
        medians = point_forecasts(predictions) or ()
        metrics = [
            *_evaluated(medians, labels, whole, progress, settings, hours),
            *quantile_metrics(sets, labels, settings.min_rows),
        ]
    elif not by_output:
        metrics = _evaluated(predictions, labels, whole, progress, settings, hours, rows.scores)
    else:
        metrics = [
            replace(metric, segment=output_segment(name, metric.segment))
            for name, own in by_output.items()
            for metric in _evaluated(*own, outputs.get(name), progress, settings, hours)
        ]
    return explained(map(_while_learning, metrics) if learning else metrics)


def _evaluated(
    predictions: Sequence[Any],
    labels: Sequence[Any],
    baseline: Baseline | None,
    progress: LabelProgress,
    settings: Settings,
    hours: frozenset[int],
    scores: Sequence[float | None] | None = None,
) -> list[Metric]:
    context = LabelledContext(
        baseline.task if baseline is not None else settings.task,
        predictions,
        labels,
        baseline,
        min_rows=settings.min_rows,
        alpha=progress.alpha(ALPHA[settings.sensitivity]),
        hours=hours,
        form=label_form(settings),
        scores=scores,
    )
    return progress.over_all_looks(evaluate(context))


def _while_learning(metric: Metric) -> Metric:
    """Return a metric without an alert, because the baseline is still being learnt."""
    decides = metric.verdict not in (None, NOT_ENOUGH_ROWS, NOT_COMPARABLE)
    return replace(metric, verdict=LEARNING) if decides else metric


def hours_of(start: str, end: str) -> frozenset[int]:
    """Return the hours of the day (UTC) in a period; empty if it is a day or longer.

    >>> sorted(hours_of("2024-05-01T22:30:00.000Z", "2024-05-02T00:30:00.000Z"))
    [0, 22, 23]
    """
    first, last = clock.parse(start) or 0.0, clock.parse(end) or 0.0
    if last - first >= clock.DAY:
        return frozenset()
    hours = range(int(first // clock.HOUR), int(-(-last // clock.HOUR)))
    return frozenset(hour % 24 for hour in hours)


def coverage_metric(rows: LabelledRows, metrics: Sequence[Metric] = ()) -> Metric:
    """Return `label_coverage`, the fraction of rows that have a label.

    Args:
        metrics: the window's performance; the explanation has the labels that it leaves out.
    """
    labelled = rows.labelled
    coverage = Metric(
        metric="label_coverage",
        rows=len(rows),
        count=labelled,
        value=labelled / len(rows) if rows else 0.0,
        evidence=unused_labels(rows, metrics),
    )
    return explained([coverage])[0]


def arrivals_of(rows: LabelledRows) -> WindowArrivals:
    """Return the arrivals of the labels of a window's rows."""
    labelled = [label is not None for label in rows.labels]
    return window_arrivals([time or "" for time in rows.waiting_since], labelled, rows.delays)
