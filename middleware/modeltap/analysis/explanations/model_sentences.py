"""Sentences about requests and about the model's performance."""

from __future__ import annotations

from modeltap.analysis.detectors.context import Context
from modeltap.analysis.detectors.latency_and_errors import Usual
from modeltap.analysis.detectors.performance import Worse
from modeltap.analysis.explanations.sentence import odds, sentence
from modeltap.analysis.model.metric import Metric
from modeltap.wording import number, percent

_MOSTLY, _PARTLY = 0.8, 0.3
"""Fractions of a grown error that are called nearly all, and a part of it."""


@sentence.register
def _(evidence: Usual, metric: Metric, _context: Context | None) -> str:
    value = metric.value or 0.0
    if metric.metric == "error_rate":
        return (
            f"{percent(value)} of requests failed, {metric.count:,} of {metric.rows:,}; usual is "
            f"{percent(evidence.baseline)}"
        )
    return (
        f"95 % of requests took up to {number(value)} ms; usual is {number(evidence.baseline)} ms"
    )


@sentence.register
def _(evidence: Worse, metric: Metric, context: Context | None) -> str:
    before, value = evidence.baseline.mean, metric.value or 0.0
    if metric.metric == "accuracy":
        return (
            f"accuracy went from {number(before)} to {number(value)} in {metric.rows:,} labelled "
            f"rows; {odds(metric, context)}"
        )
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
