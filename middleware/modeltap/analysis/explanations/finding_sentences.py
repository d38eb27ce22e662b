"""Sentences about findings, each the common cause of several metrics."""

from __future__ import annotations

from modeltap.analysis.detectors.context import Context
from modeltap.analysis.explanations.sentence import backquoted, counted_rows, odds, sentence
from modeltap.analysis.findings.changed_values import Changed
from modeltap.analysis.findings.renamed_categories import Renamed
from modeltap.analysis.findings.swapped_columns import Swapped
from modeltap.analysis.model.metric import Metric
from modeltap.wording import percent


@sentence.register
def _(evidence: Renamed, metric: Metric, context: Context) -> str:
    more = ""
    if evidence.others:
        verb = "is" if evidence.others == 1 else "are"
        more = f", and {evidence.others} more {verb} renamed"
    return (
        f"{metric.feature}: category {backquoted(evidence.old)} is now {backquoted(evidence.new)} "
        f"({percent(evidence.fraction)} of rows){more}; {odds(metric, context)}"
    )


@sentence.register
def _(evidence: Swapped, metric: Metric, context: Context) -> str:
    first, second = evidence.features
    return (
        f"columns `{first}` and `{second}` are swapped in {counted_rows(metric)}: the values of "
        f"each fit the reference of the other; {odds(metric, context)}"
    )


@sentence.register
def _(evidence: Changed, metric: Metric, context: Context) -> str:
    change = f"{evidence.change} in {counted_rows(metric)}"
    return f"{metric.feature}: {change}; {odds(metric, context)}"
