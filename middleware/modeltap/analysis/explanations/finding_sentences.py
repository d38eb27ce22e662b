"""Sentences about findings: one cause of several metrics."""

from __future__ import annotations

from modeltap.analysis.detectors.context import Context
from modeltap.analysis.explanations.sentence import backquoted, odds, sentence
from modeltap.analysis.findings.changed_values import Changed
from modeltap.analysis.findings.renamed_categories import Renamed
from modeltap.analysis.findings.swapped_columns import Swapped
from modeltap.analysis.model.metric import Metric
from modeltap.wording import percent


@sentence.register
def _(evidence: Renamed, metric: Metric, context: Context) -> str:
    more = f", and so are {evidence.others} others" if evidence.others else ""
    return (
        f"{metric.feature}: category {backquoted(evidence.old)} is now {backquoted(evidence.new)} "
        f"({percent(evidence.fraction)} of rows){more}; {odds(metric, context)}"
    )


@sentence.register
def _(evidence: Swapped, metric: Metric, context: Context) -> str:
    first, second = evidence.features
    return (
        f"columns `{first}` and `{second}` are swapped: the values of each fit the other, "
        f"{metric.rows:,} rows; {odds(metric, context)}"
    )


@sentence.register
def _(evidence: Changed, metric: Metric, context: Context) -> str:
    return f"{metric.feature}: {evidence.words}, {metric.rows:,} rows; {odds(metric, context)}"
