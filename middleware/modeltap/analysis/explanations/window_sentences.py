"""Sentences about all inputs of a window: fields, duplicates, pauses, multivariate drift."""

from __future__ import annotations

from modeltap import clock
from modeltap.analysis.detectors.context import Context
from modeltap.analysis.detectors.duplicate_rate import Duplicated
from modeltap.analysis.detectors.gaps import Pause
from modeltap.analysis.detectors.multivariate import ErrorsGrew, RowsDiffer
from modeltap.analysis.detectors.row_outliers import Outliers
from modeltap.analysis.detectors.schema_change import Fields
from modeltap.analysis.detectors.text_and_vector import DirectionChanged, SamplesDiffer
from modeltap.analysis.explanations.sentence import counted_rows, listing, odds, sentence
from modeltap.analysis.model.metric import Metric
from modeltap.wording import number, percent

_NAMED = 5
"""Readers do not take in more fields in one sentence."""


@sentence.register
def _(evidence: Fields, metric: Metric, _context: Context) -> str:
    parts = []
    if evidence.lost:
        fields = [f"`{name}`" for name in evidence.lost]
        verb = "is" if len(fields) == 1 else "are"
        parts.append(f"{listing(fields, _NAMED)} {verb} missing from all {counted_rows(metric)}")
    if evidence.new:
        fields = [f"`{name}` (in {percent(share)} of rows)" for name, share in evidence.new.items()]
        parts.append(f"{listing(fields, _NAMED)} {'is' if len(fields) == 1 else 'are'} new")
    return f"fields changed: {'; '.join(parts)}"


@sentence.register
def _(evidence: Duplicated, metric: Metric, context: Context) -> str:
    return (
        f"{percent(metric.value or 0.0)} of {counted_rows(metric)} repeat another row, "
        f"{percent(evidence.expected)} expected; {odds(metric, context)}"
    )


@sentence.register
def _(evidence: Pause, metric: Metric, _context: Context) -> str:
    start, end = _moment(evidence.start), _moment(evidence.end)
    when = f"from {start} to {end}"
    if metric.metric == "freshness_seconds":
        when = f"from {start} to the end of the window"
    return (
        f"no rows for {clock.length(metric.value or 0.0)}, {when}; the longest pause in the "
        f"reference was {clock.length(evidence.baseline_seconds)}"
    )


@sentence.register
def _(evidence: RowsDiffer, metric: Metric, context: Context) -> str:
    columns = f", mainly of {listing(evidence.drivers)}" if evidence.drivers else ""
    return (
        f"{counted_rows(metric)} differ from the reference in their combinations of values"
        f"{columns} (classifier AUC {metric.value:.2f}; 0.50 means no difference); "
        f"{odds(metric, context)}"
    )


@sentence.register
def _(evidence: ErrorsGrew, metric: Metric, _context: Context) -> str:
    return (
        f"PCA reconstruction errors differ from the reference's by {number(metric.value or 0.0)} "
        f"standard deviations, mostly in {evidence.driver}"
    )


@sentence.register
def _(evidence: SamplesDiffer, metric: Metric, context: Context) -> str:
    return (
        f"{metric.feature}: {evidence.noun} differ from the reference's "
        f"(classifier AUC {evidence.auc:.2f}; 0.50 means no difference) in {counted_rows(metric)}; "
        f"{odds(metric, context)}"
    )


@sentence.register
def _(evidence: DirectionChanged, metric: Metric, _context: Context) -> str:
    return (
        f"{metric.feature}: mean cosine distance from the reference's mean vector went from "
        f"{number(evidence.before)} to {number(metric.value or 0.0)}"
    )


@sentence.register
def _(evidence: Outliers, metric: Metric, context: Context) -> str:
    return (
        f"outlying rows went from {percent(evidence.before)} to {percent(metric.value or 0.0)} "
        f"({metric.count:,} of {counted_rows(metric)}); {odds(metric, context)}"
    )


def _moment(seconds: float) -> str:
    return clock.short(clock.iso(seconds))
