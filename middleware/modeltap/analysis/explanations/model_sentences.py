"""Sentences about requests and about the model's performance."""

from __future__ import annotations

from modeltap.analysis.detectors.context import Context
from modeltap.analysis.detectors.latency_and_errors import Usual
from modeltap.analysis.explanations.sentence import odds, sentence
from modeltap.analysis.model.metric import Metric
from modeltap.analysis.performance.classification import ScoreFell
from modeltap.analysis.performance.labelled import Guess, Worse
from modeltap.analysis.performance.paired import Mismatch
from modeltap.analysis.performance.scoring import AreaFell, BrierGrew, OneClass, RanksSayNothing
from modeltap.wording import number, percent

_MOSTLY, _PARTLY = 0.8, 0.3
"""Fractions of a grown error that are called nearly all, and a part of it."""


@sentence.register
def _(evidence: Usual, metric: Metric, _context: Context | None) -> str:
    value, usual = metric.value or 0.0, evidence.baseline
    if metric.metric == "error_rate":
        known = "not known yet" if usual is None else percent(usual)
        return (
            f"{percent(value)} of requests failed, {metric.count:,} of {metric.rows:,}; usual is "
            f"{known}"
        )
    return f"95 % of requests took up to {number(value)} ms; usual is {number(usual or 0.0)} ms"


@sentence.register
def _(evidence: Worse, metric: Metric, context: Context | None) -> str:
    before, value = evidence.baseline.mean, metric.value or 0.0
    if metric.metric == "accuracy":
        text = (
            f"accuracy went from {number(before)} to {number(value)} in {metric.rows:,} labelled "
            f"rows; {odds(metric, context)}"
        )
        return text if evidence.guess is None else f"{text}; {_guessed(evidence.guess)}"
    part = (abs(evidence.bias) - abs(evidence.baseline.bias)) / (value - before)
    nature = "little bias"
    if part > _PARTLY:
        nature = "nearly all of it bias" if part > _MOSTLY else "partly bias"
    direction = "too high" if evidence.bias > 0 else "too low"
    return (
        f"mean absolute error went from {number(before)} to {number(value)} in {metric.rows:,} "
        f"labelled rows, {nature}: predictions are {number(abs(evidence.bias))} {direction} on "
        f"average; {odds(metric, context)}"
    )


@sentence.register
def _(evidence: Guess, metric: Metric, _context: Context | None) -> str:
    value = number(metric.value or 0.0)
    return f"accuracy {value} in {metric.rows:,} labelled rows: {_guessed(evidence)}"


def _guessed(evidence: Guess) -> str:
    nature = "are the opposite of" if evidence.opposite else "say nothing of"
    return (
        f"guessing gives {number(evidence.accuracy)}, so predictions {nature} the labels, or ids "
        "are matched wrongly"
    )


@sentence.register
def _(evidence: ScoreFell, metric: Metric, context: Context | None) -> str:
    lost = "" if evidence.lost is None else f"; no row is predicted {evidence.lost!r} any more"
    return (
        f"macro F1 went from {number(evidence.before)} to {number(metric.value or 0.0)} in "
        f"{metric.rows:,} labelled rows{lost}; {odds(metric, context)}"
    )


@sentence.register
def _(evidence: Mismatch, _metric: Metric, _context: Context | None) -> str:
    return (
        f"not compared: predictions such as {evidence.prediction}, labels such as "
        f"{evidence.label}: {evidence.reason}"
    )


@sentence.register
def _(evidence: OneClass, metric: Metric, _context: Context | None) -> str:
    return (
        f"not compared: all {metric.rows:,} labels are {evidence.label!r}, and an area needs rows "
        "of both classes"
    )


@sentence.register
def _(evidence: AreaFell, metric: Metric, context: Context | None) -> str:
    text = (
        f"ROC AUC went from {number(evidence.before)} to {number(metric.value or 0.0)} in "
        f"{metric.rows:,} labelled rows; {odds(metric, context)}"
    )
    return text if evidence.ranks is None else f"{text}; {_ranked(evidence.ranks)}"


@sentence.register
def _(evidence: RanksSayNothing, metric: Metric, _context: Context | None) -> str:
    value = number(metric.value or 0.0)
    return f"ROC AUC {value} in {metric.rows:,} labelled rows: {_ranked(evidence)}"


def _ranked(evidence: RanksSayNothing) -> str:
    if evidence.opposite:
        return (
            "guessing gives 0.5, so scores are reversed: the positive class has the low ones, or "
            "positive names the wrong class"
        )
    return "guessing gives 0.5, so scores say nothing of the labels, or ids are matched wrongly"


@sentence.register
def _(evidence: BrierGrew, metric: Metric, context: Context | None) -> str:
    direction = "too high" if evidence.bias > 0 else "too low"
    return (
        f"Brier score went from {number(evidence.before)} to {number(metric.value or 0.0)} in "
        f"{metric.rows:,} labelled rows: scores are {number(abs(evidence.bias))} {direction} on "
        f"average; {odds(metric, context)}"
    )
