"""The estimated performance of one window, before its labels arrive."""

from __future__ import annotations

from modeltap.analysis.estimation.simulated_labels import Estimate, estimate
from modeltap.analysis.estimation.unlabelled import Outputs, scored_rows
from modeltap.analysis.model.baseline import Baseline
from modeltap.analysis.model.metric import NOT_ENOUGH_ROWS, Evidence, Metric, finite
from modeltap.config.metrics import ESTIMATED

_BOUNDED = ("accuracy", "f1_macro", "roc_auc", "brier")


class Estimated(Evidence, frozen=True):
    """The labelled rows of the reference that the estimate is based on."""

    rows: int


def can_estimate(baseline: Baseline) -> bool:
    """Return whether the reference has scores and enough labels to say what they mean."""
    return baseline.scores is not None and baseline.scores.calibration is not None


def estimated_metrics(
    outputs: Outputs, baseline: Baseline, decision_threshold: float, min_rows: int
) -> list[Metric]:
    """Return the estimates of a window of two classes with scores; none without a calibration.

    They have no verdict. `rows` are the rows with a usable score.
    """
    known = baseline.scores
    if known is None or known.calibration is None:
        return []
    rows = scored_rows(outputs, known, known.calibration, decision_threshold)
    n = len(rows.scores)
    if n < max(2, min_rows):
        return [Metric(metric=ESTIMATED + "accuracy", rows=n, verdict=NOT_ENOUGH_ROWS)]
    evidence = Estimated(sum(known.calibration.rows))
    estimates = estimate(rows.scores, rows.predicted, known.calibration)
    return [estimated_metric(name, own, n, evidence) for name, own in estimates.items()]


def estimated_metric(name: str, own: Estimate, rows: int, evidence: Evidence) -> Metric:
    """Return the estimate of a metric, with its interval inside the metric's bounds."""
    highest = 1.0 if name in _BOUNDED else own.high
    return Metric(
        metric=ESTIMATED + name,
        rows=rows,
        value=finite(min(highest, max(0.0, own.value))),
        low=finite(max(0.0, own.low)),
        high=finite(min(highest, own.high)),
        evidence=evidence,
    )
