"""Sentences about a window's inputs together: fields, repeated rows, pauses, rows as wholes."""

from __future__ import annotations

from modeltap import clock
from modeltap.analysis.detectors.context import Context
from modeltap.analysis.detectors.duplicate_rate import Duplicated
from modeltap.analysis.detectors.gaps import Pause
from modeltap.analysis.detectors.multivariate import ErrorsGrew, RowsDiffer
from modeltap.analysis.detectors.row_outliers import Outliers
from modeltap.analysis.detectors.schema_change import Fields
from modeltap.analysis.detectors.text_and_vector import Distinct, Turned
from modeltap.analysis.explanations.sentence import odds, sentence
from modeltap.analysis.model.metric import Metric
from modeltap.wording import number, percent

_NAMED = 5
"""More fields in one sentence are not read."""


@sentence.register
def _(evidence: Fields, _metric: Metric, _context: Context) -> str:
    parts = []
    if evidence.lost:
        parts.append(f"no row has {_listed([f'`{name}`' for name in evidence.lost])} any more")
    if evidence.new:
        new = [f"`{name}` in {percent(fraction)}" for name, fraction in evidence.new.items()]
        parts.append(f"new: {_listed(new)}")
    return f"fields changed: {'; '.join(parts)}"


@sentence.register
def _(evidence: Duplicated, metric: Metric, context: Context) -> str:
    return (
        f"{percent(metric.value or 0.0)} of {metric.rows:,} rows repeat another one, where "
        f"{percent(evidence.expected)} were to be expected; {odds(metric, context)}"
    )


@sentence.register
def _(evidence: Pause, metric: Metric, _context: Context) -> str:
    start, end = _moment(evidence.start), _moment(evidence.end)
    when = f"from {start} to {end}"
    if metric.metric == "freshness_seconds":
        when = f"since {start}, until the window's end"
    return (
        f"no row for {clock.length(metric.value or 0.0)}, {when}; the reference's longest pause "
        f"was {clock.length(evidence.baseline_seconds)}"
    )


@sentence.register
def _(evidence: RowsDiffer, metric: Metric, context: Context) -> str:
    most = f"; most by {', '.join(evidence.drivers)}" if evidence.drivers else ""
    return (
        f"rows as wholes can be told from the reference's (AUC {metric.value:.2f}, 0.50 is "
        f"chance) where columns one by one cannot{most}; {odds(metric, context)}"
    )


@sentence.register
def _(evidence: ErrorsGrew, metric: Metric, _context: Context) -> str:
    return (
        f"errors lie {number(metric.value or 0.0)} standard deviations from the reference's, "
        f"most in {evidence.driver}"
    )


@sentence.register
def _(evidence: Distinct, metric: Metric, context: Context) -> str:
    return (
        f"{metric.feature}: {evidence.noun} can be told from the reference's "
        f"(AUC {evidence.auc:.2f}, 0.50 is chance), {metric.rows:,} rows; "
        f"{odds(metric, context)}"
    )


@sentence.register
def _(evidence: Turned, metric: Metric, _context: Context) -> str:
    return (
        f"{metric.feature}: mean cosine distance from the reference's mean went from "
        f"{number(evidence.before)} to {number(metric.value or 0.0)}"
    )


@sentence.register
def _(evidence: Outliers, metric: Metric, context: Context) -> str:
    return (
        f"rows unlike the reference's went from {percent(evidence.before)} to "
        f"{percent(metric.value or 0.0)}, {metric.count:,} of {metric.rows:,}; "
        f"{odds(metric, context)}"
    )


def _moment(seconds: float) -> str:
    return clock.short(clock.iso(seconds))


def _listed(names: list[str]) -> str:
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more} more" if more > 0 else "")
