"""Sentences about requests, the model's performance and its outputs."""

from __future__ import annotations

from modeltap.analysis.arrival.label_arrival import TooYoung, UnknownDelays
from modeltap.analysis.arrival.unused_labels import UnusedLabels
from modeltap.analysis.detectors.context import Context
from modeltap.analysis.detectors.latency_and_errors import TrafficBaseline
from modeltap.analysis.estimation.corrected_estimates import Corrected
from modeltap.analysis.estimation.estimates import (
    Estimated,
    EstimatedByErrors,
    EstimatedOfMoved,
    NoArea,
    NoEstimate,
    NotCalibrated,
)
from modeltap.analysis.evaluators.pass_rates import (
    EvaluatorFailed,
    PassRateFell,
    PassTargetMissed,
)
from modeltap.analysis.explanations.sentence import odds, sentence
from modeltap.analysis.model.calibration import FEWEST_CALIBRATED
from modeltap.analysis.model.metric import Metric
from modeltap.analysis.performance.class_metrics import FewOfClass
from modeltap.analysis.performance.classification import F1Loss
from modeltap.analysis.performance.labelled import Guess, PerformanceLoss
from modeltap.analysis.performance.paired import Mismatch
from modeltap.analysis.performance.scoring import (
    FEWEST_OF_A_CLASS,
    AreaLoss,
    BrierGrowth,
    NoScore,
    OneClass,
    UninformativeScores,
)
from modeltap.analysis.row_metrics.own_metrics import OwnFailure, TargetMissed
from modeltap.wording import number, percent, plural

_MOSTLY, _PARTLY = 0.8, 0.3
"""Fractions of the growth of an error that count as most of it, and as a part of it."""


@sentence.register
def _(evidence: TrafficBaseline, metric: Metric, _context: Context | None) -> str:
    value, baseline = metric.value or 0.0, evidence.baseline
    requests = plural(metric.rows, "request")
    if metric.metric == "error_rate":
        failed = f"{metric.count:,} of {requests}"
        if baseline is None:
            return f"error rate is {percent(value)} ({failed}); no baseline is known yet"
        return f"error rate went from {percent(baseline)} to {percent(value)} ({failed})"
    return (
        f"95th percentile of latency went from {number(baseline or 0.0)} ms to {number(value)} ms "
        f"in {requests}"
    )


@sentence.register
def _(evidence: FewOfClass, _metric: Metric, _context: Context | None) -> str:
    return f"class {evidence.name} has only {plural(evidence.rows, 'row')}, too few for an interval"


@sentence.register
def _(evidence: Estimated, _metric: Metric, _context: Context | None) -> str:
    return (
        f"expected from scores, without labels, as {plural(evidence.rows, 'labelled row')} of the "
        "reference show what a score means"
    )


@sentence.register
def _(evidence: Corrected, _metric: Metric, _context: Context | None) -> str:
    return (
        f"expected from scores, corrected by the labels of {evidence.labelled:,} of "
        f"{plural(evidence.rows, 'row')}"
    )


@sentence.register
def _(evidence: EstimatedOfMoved, _metric: Metric, _context: Context | None) -> str:
    return (
        f"expected from scores, without labels, by {plural(evidence.rows, 'labelled row')} of the "
        "reference, which are weighted towards the inputs of this window"
    )


@sentence.register
def _(evidence: EstimatedByErrors, _metric: Metric, _context: Context | None) -> str:
    return (
        f"expected from inputs and predictions, without labels, by the errors of "
        f"{plural(evidence.rows, 'labelled row')} of the reference"
    )


@sentence.register
def _(evidence: NoEstimate, _metric: Metric, _context: Context | None) -> str:
    return (
        f"not estimated, because {plural(evidence.labelled, 'sampled row')} of the reference have "
        f"a label that can be compared, and {evidence.needed} are needed"
    )


@sentence.register
def _(evidence: NotCalibrated, _metric: Metric, _context: Context | None) -> str:
    return (
        f"not estimated, because the reference has {plural(evidence.labelled, 'labelled row')}, "
        f"{evidence.rarer:,} of them of the rarer class; scores need {FEWEST_CALIBRATED}, and "
        f"{FEWEST_OF_A_CLASS} of each class"
    )


@sentence.register
def _(evidence: NoArea, _metric: Metric, _context: Context | None) -> str:
    return (
        "not estimated, because scores are those of the predicted class; the area of "
        f"{evidence.classes} classes takes a score of each class"
    )


@sentence.register
def _(evidence: TooYoung, _metric: Metric, _context: Context | None) -> str:
    return f"not known yet, because the window's last row is younger than {evidence.horizon}"


@sentence.register
def _(evidence: UnknownDelays, _metric: Metric, _context: Context | None) -> str:
    return (
        f"not known, because it is unknown when the {plural(evidence.labels, 'label')} of imported "
        "rows arrived; send them with labelled_at"
    )


@sentence.register
def _(evidence: UnusedLabels, _metric: Metric, _context: Context | None) -> str:
    reasons = {
        "have no prediction": evidence.without_prediction,
        f"are not numbers, such as {evidence.example}": evidence.without_number,
    }
    unused = ", ".join(f"{count:,} {reason}" for reason, count in reasons.items() if count)
    total = sum(reasons.values())
    return f"{total:,} of {plural(evidence.labelled, 'label')} are not compared: {unused}"


@sentence.register
def _(evidence: PerformanceLoss, metric: Metric, context: Context | None) -> str:
    before, value = evidence.baseline.mean, metric.value or 0.0
    if metric.metric == "accuracy":
        guess = "" if evidence.guess is None else f"; {_guessed(evidence.guess)}"
        return (
            f"accuracy went from {number(before)} to {number(value)} in {_labelled(metric)}"
            f"{guess}; {odds(metric, context)}"
        )
    part = (abs(evidence.bias) - abs(evidence.baseline.bias)) / (value - before)
    extent = "not mainly"
    if part > _PARTLY:
        extent = "mostly" if part > _MOSTLY else "partly"
    direction = "too high" if evidence.bias > 0 else "too low"
    return (
        f"mean absolute error went from {number(before)} to {number(value)} in "
        f"{_labelled(metric)}, {extent} because of bias: predictions are "
        f"{number(abs(evidence.bias))} {direction} on average; {odds(metric, context)}"
    )


def _labelled(metric: Metric) -> str:
    return plural(metric.rows, "labelled row")


@sentence.register
def _(evidence: Guess, metric: Metric, _context: Context | None) -> str:
    value = number(metric.value or 0.0)
    return f"accuracy is {value} in {_labelled(metric)}; {_guessed(evidence)}"


def _guessed(evidence: Guess) -> str:
    relation = "are the opposite of" if evidence.opposite else "are unrelated to"
    return (
        f"guessing gives {number(evidence.accuracy)}, so predictions {relation} the labels, or "
        "ids are mismatched"
    )


@sentence.register
def _(evidence: F1Loss, metric: Metric, context: Context | None) -> str:
    lost = "" if evidence.lost is None else f"; class {evidence.lost!r} is no longer predicted"
    return (
        f"macro F1 went from {number(evidence.before)} to {number(metric.value or 0.0)} in "
        f"{_labelled(metric)}{lost}; {odds(metric, context)}"
    )


@sentence.register
def _(evidence: TargetMissed, metric: Metric, context: Context | None) -> str:
    side = "below" if evidence.better == "higher" else "above"
    return (
        f"{metric.metric} is {number(metric.value or 0.0)} on average in {_labelled(metric)}, "
        f"{side} its target {number(evidence.target)}; {odds(metric, context)}"
    )


@sentence.register
def _(evidence: OwnFailure, _metric: Metric, _context: Context | None) -> str:
    return f"not computed by {evidence.function}: {evidence.reason}"


@sentence.register
def _(evidence: Mismatch, _metric: Metric, _context: Context | None) -> str:
    return (
        f"not compared, because {evidence.reason} (predictions such as {evidence.prediction}, "
        f"labels such as {evidence.label})"
    )


@sentence.register
def _(evidence: OneClass, metric: Metric, _context: Context | None) -> str:
    return (
        f"not compared, because all {plural(metric.rows, 'label')} are {evidence.label!r} and "
        "ROC AUC requires both classes"
    )


@sentence.register
def _(evidence: NoScore, metric: Metric, _context: Context | None) -> str:
    without = metric.rows - evidence.given
    if evidence.given and without:
        return f"not computed, because {without:,} of {_labelled(metric)} have no score from 0 to 1"
    if evidence.given:
        return "not computed, because the scores do not agree with the predicted classes"
    return "not computed, because there is no score beside the predicted classes"


@sentence.register
def _(evidence: AreaLoss, metric: Metric, context: Context | None) -> str:
    ranks = "" if evidence.ranks is None else f"; {_ranked(evidence.ranks)}"
    return (
        f"ROC AUC went from {number(evidence.before)} to {number(metric.value or 0.0)} in "
        f"{_labelled(metric)}{ranks}; {odds(metric, context)}"
    )


@sentence.register
def _(evidence: UninformativeScores, metric: Metric, _context: Context | None) -> str:
    value = number(metric.value or 0.0)
    return f"ROC AUC is {value} in {_labelled(metric)}; {_ranked(evidence)}"


def _ranked(evidence: UninformativeScores) -> str:
    if evidence.opposite:
        return (
            "guessing gives 0.5, so scores are reversed (low for the positive class), or the "
            "setting positive names the wrong class"
        )
    return "guessing gives 0.5, so scores are unrelated to the labels, or ids are mismatched"


@sentence.register
def _(evidence: BrierGrowth, metric: Metric, context: Context | None) -> str:
    direction = "too high" if evidence.bias > 0 else "too low"
    return (
        f"Brier score went from {number(evidence.before)} to {number(metric.value or 0.0)} in "
        f"{_labelled(metric)}: scores are {number(abs(evidence.bias))} {direction} on average; "
        f"{odds(metric, context)}"
    )


@sentence.register
def _(evidence: EvaluatorFailed, _metric: Metric, _context: Context | None) -> str:
    return f"{evidence.evaluator} was not evaluated: {evidence.reason}"


@sentence.register
def _(evidence: PassRateFell, metric: Metric, context: Context | None) -> str:
    most = "" if evidence.most is None else f" (up to {percent(evidence.most)} in a window)"
    return (
        f"outputs that fail {evidence.evaluator} went from {percent(evidence.before)}{most} to "
        f"{percent(_failing(metric))} of {_outputs(metric)}; {odds(metric, context)}"
    )


@sentence.register
def _(evidence: PassTargetMissed, metric: Metric, context: Context | None) -> str:
    return (
        f"{percent(_failing(metric))} of {_outputs(metric)} fail {evidence.evaluator}, and its "
        f"target allows {percent(1 - evidence.target)}; {odds(metric, context)}"
    )


def _failing(metric: Metric) -> float:
    return 1 - (metric.value or 0.0)


def _outputs(metric: Metric) -> str:
    return plural(metric.rows, "output")
