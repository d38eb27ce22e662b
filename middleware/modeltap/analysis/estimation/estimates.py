"""The estimated performance of one window, before its labels arrive."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from modeltap.analysis.estimation.class_estimates import estimate_classes
from modeltap.analysis.estimation.corrected_estimates import Corrected
from modeltap.analysis.estimation.error_model import FEWEST_LABELLED, ErrorModel
from modeltap.analysis.estimation.outcomes import confidences
from modeltap.analysis.estimation.simulated_labels import Estimate, estimate
from modeltap.analysis.estimation.unlabelled import Outputs, scored_rows
from modeltap.analysis.model.baseline import Baseline, Task, is_unknown
from modeltap.analysis.model.calibration import Calibration
from modeltap.analysis.model.metric import NOT_ENOUGH_ROWS, Evidence, Metric, finite, too_few
from modeltap.analysis.statistics.confusion import class_name
from modeltap.config.metrics import ESTIMATED

_BOUNDED = ("accuracy", "f1_macro", "roc_auc", "brier")

_AREA = ESTIMATED + "roc_auc"


class Estimated(Evidence, frozen=True):
    """The labelled rows of the reference that the estimate is based on."""

    rows: int


class EstimatedOfMoved(Evidence, frozen=True):
    """The labelled rows of the reference's sample, weighted towards rows with moved inputs."""

    rows: int


class EstimatedByErrors(Evidence, frozen=True):
    """The labelled rows of the reference from which errors were learnt."""

    rows: int


class Moved(NamedTuple):
    """A calibration for moved inputs, and the number of rows that it was learnt from."""

    calibration: Calibration
    rows: int


class NoEstimate(Evidence, frozen=True):
    """The labelled rows of the reference, and the number that an error model needs."""

    labelled: int
    needed: int


class NotCalibrated(Evidence, frozen=True):
    """The labelled rows of the reference, and those of the rarer one of two classes with scores."""

    labelled: int
    rarer: int


class NoArea(Evidence, frozen=True):
    """The number of classes of a model whose scores are those of the predicted one."""

    classes: int


def can_estimate(baseline: Baseline) -> bool:
    """Return whether the reference has scores and enough labels to say what they mean."""
    return baseline.scores is not None and baseline.scores.calibration is not None


def estimated_metrics(
    outputs: Outputs,
    baseline: Baseline,
    decision_threshold: float,
    min_rows: int,
    moved: Moved | None = None,
) -> list[Metric]:
    """Return the estimates of a window of two classes with scores; none without a calibration.

    They have no verdict. `rows` are the rows with a usable score.

    Args:
        moved: the calibration of rows like those of the window, if it differs from the baseline's.
    """
    known = baseline.scores
    if known is None or known.calibration is None:
        return []
    rows = scored_rows(outputs, known, known.calibration, decision_threshold)
    n = len(rows.scores)
    if n < max(2, min_rows):
        return [Metric(metric=ESTIMATED + "accuracy", rows=n, verdict=NOT_ENOUGH_ROWS)]
    evidence: Evidence = Estimated(round(sum(known.calibration.rows)))
    calibration = known.calibration
    if moved is not None:
        evidence, calibration = EstimatedOfMoved(moved.rows), moved.calibration
    estimates = estimate(rows.scores, rows.predicted, calibration)
    return [estimated_metric(name, own, n, evidence) for name, own in estimates.items()]


def metrics_of_classes(outputs: Outputs, baseline: Baseline, min_rows: int) -> list[Metric]:
    """Return the estimates of a window of several classes with scores of the predicted one.

    The area under the ROC curve has no value, with the reason: ranking the rows by the probability
    of a class takes the scores of all classes.
    """
    known = baseline.confidence
    scores = confidences(outputs.scores, np.arange(len(outputs.predictions)))
    given = np.array([not is_unknown(own) for own in outputs.predictions], dtype=bool)
    places = np.flatnonzero(given & np.isfinite(scores)).tolist()
    if known is None:
        return []
    if len(places) < max(2, min_rows):
        return [too_few(ESTIMATED + "accuracy", len(places))]
    predicted = [class_name(outputs.predictions[place]) for place in places]
    own = estimate_classes(predicted, scores[places], known, baseline.counts)
    evidence = Estimated(round(sum(known.rows)))
    estimates = [
        estimated_metric(name, value, len(places), evidence) for name, value in own.items()
    ]
    classes = len({*predicted, *(true for _, true in baseline.counts)})
    return [*estimates, Metric(metric=_AREA, rows=len(places), evidence=NoArea(classes))]


def metrics_of_errors(model: ErrorModel, rows: np.ndarray, total: int, task: Task) -> list[Metric]:
    """Return the estimates of a window without scores: of numbers, or of classes.

    Args:
        rows: (m, d) a sample of its rows, as the model knows them.
        total: the number of its rows with a prediction.
    """
    evidence = EstimatedByErrors(model.rows)
    expected = model.expected(rows)
    error = model.mean_error(expected, total)
    if task == "classification":
        right = Estimate(1 - error.value, 1 - error.high, 1 - error.low)
        return [estimated_metric("accuracy", right, total, evidence)]
    root = model.root_mean_square(expected, total)
    return [
        estimated_metric("mae", error, total, evidence),
        estimated_metric("rmse", root, total, evidence),
    ]


def not_estimated(task: Task, rows: int, labelled: int, min_rows: int) -> Metric:
    """Return the metric of a window that has no estimate, with the reason."""
    name = ESTIMATED + ("mae" if task == "regression" else "accuracy")
    if rows < max(2, min_rows):
        return too_few(name, rows)
    return Metric(metric=name, rows=rows, evidence=NoEstimate(labelled, FEWEST_LABELLED))


def not_calibrated(baseline: Baseline, rows: int, min_rows: int) -> Metric:
    """Return the metric of a window whose scores have no known meaning, with the reason."""
    name, known = ESTIMATED + "accuracy", baseline.scores
    if rows < max(2, min_rows):
        return too_few(name, rows)
    area = None if known is None else known.area
    rarer = 0 if area is None else min(area.positives, area.negatives)
    return Metric(metric=name, rows=rows, evidence=NotCalibrated(baseline.rows, rarer))


def expected_error(estimates: Sequence[Metric]) -> list[Metric]:
    """Return `expected_error` of a window; nothing if its error was not estimated.

    Estimates are corrected by the labels that arrive, and this is not, because concept drift is the
    difference of labels from it.
    """
    for own in estimates:
        if own.metric == ESTIMATED + "mae" and own.value is not None:
            return [_renamed(own, own.value, own.low, own.high)]
        if own.metric == ESTIMATED + "accuracy" and own.value is not None:
            ends = (None if end is None else 1 - end for end in (own.high, own.low))
            return [_renamed(own, 1 - own.value, *ends)]
    return []


def _renamed(own: Metric, value: float, low: float | None, high: float | None) -> Metric:
    return Metric(metric="expected_error", rows=own.rows, value=value, low=low, high=high)


def estimated_metric(name: str, own: Estimate, rows: int, evidence: Evidence) -> Metric:
    """Return the estimate of a metric, with its interval inside the metric's bounds.

    `count` is the number of labels that it was corrected by; None if it was not.
    """
    own = within_bounds(name, own)
    return Metric(
        metric=ESTIMATED + name,
        rows=rows,
        count=evidence.labelled if isinstance(evidence, Corrected) else None,
        value=finite(own.value),
        low=finite(own.low),
        high=finite(own.high),
        evidence=evidence,
    )


def within_bounds(name: str, own: Estimate) -> Estimate:
    """Return an estimate with its value and interval inside the bounds of the metric `name`."""
    highest = 1.0 if name.removeprefix(ESTIMATED) in _BOUNDED else math.inf
    return Estimate(min(highest, max(0.0, own.value)), max(0.0, own.low), min(highest, own.high))
