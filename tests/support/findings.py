"""Alerts of a window, with findings, values from its rows, and explanations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace

from modeltap.analysis.counting.columns import Values
from modeltap.analysis.counting.tally import tally
from modeltap.analysis.detectors import evaluate
from modeltap.analysis.detectors.context import Context
from modeltap.analysis.explanations.explain import explained
from modeltap.analysis.explanations.new_values import with_number
from modeltap.analysis.findings.finder import with_findings
from modeltap.analysis.model.metric import ALERT, Metric
from modeltap.analysis.model.reference import Reference


def alerts(reference: Reference, columns: Mapping[str, Any], **options: Any) -> list[Metric]:
    """Return the explained alerts of a window; `options` are the context's."""
    rows = len(next(iter(columns.values())))
    context = Context(reference, tally(columns, rows, reference), **options)
    values = Values(columns, rows, reference.by_name)
    raised = [
        replace(metric, evidence=with_number(metric.evidence, metric, context, values))
        for metric in evaluate(context)
        if metric.verdict == ALERT
    ]
    return explained(with_findings(raised, context, values), context)


def explanations(
    reference: Reference, columns: Mapping[str, Any], **options: Any
) -> dict[Any, str]:
    """Return the explanations of alerts by metric and feature."""
    return {
        (metric.metric, metric.feature): metric.explanation or ""
        for metric in alerts(reference, columns, **options)
    }
