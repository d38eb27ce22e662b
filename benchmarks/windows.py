"""One window against a reference, through the analysis: what alerts, and with which words."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from modeltap.analysis.counting.columns import Values
from modeltap.analysis.counting.sample import Sample, choose, sample
from modeltap.analysis.counting.tally import tally
from modeltap.analysis.detectors import evaluate
from modeltap.analysis.detectors.context import BothSamples, Context
from modeltap.analysis.explanations.explain import explained
from modeltap.analysis.explanations.new_values import with_number
from modeltap.analysis.findings.finder import with_findings
from modeltap.analysis.model.metric import ALERT, Metric
from modeltap.analysis.model.reference import Reference

Columns = dict[str, Any]
"""Values by feature, all of one length."""


def sampled(columns: Columns, rows: int, reference: Reference) -> Sample:
    """Return the rows for multivariate drift: at most 2,000, chosen as the analysis does."""
    picked = choose((str(place), 0) for place in range(rows))
    part = {name: [column[place] for place in picked] for name, column in columns.items()}
    return sample(part, len(picked), reference)


def alerts(
    reference: Reference, columns: Columns, rows: int, then: Sample | None = None
) -> list[Metric]:
    """Return the metrics of a window whose verdict is `alert`, with their explanations.

    Args:
        then: the reference's sampled rows; None leaves multivariate drift out.
    """
    now = None if then is None else sampled(columns, rows, reference)
    samples = None if then is None or now is None else BothSamples(then, now)
    context = Context(reference, tally(columns, rows, reference), samples=samples)
    raised = [metric for metric in evaluate(context) if metric.verdict == ALERT]
    return explained(_named(raised, context, Values(columns, rows, reference.by_name)), context)


def _named(metrics: list[Metric], context: Context, values: Values) -> list[Metric]:
    """Return the metrics with what the window's own rows know of their values."""
    numbered = [
        replace(metric, evidence=with_number(metric.evidence, metric, context, values))
        for metric in metrics
    ]
    return with_findings(numbered, context, values)
