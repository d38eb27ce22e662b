"""Explanations: from what to what a metric moved, in how many rows, and how rare that is by chance.

Detectors return evidence; the sentences are made of it here, once, for what alerts.
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import replace

from modeltap.analysis.detectors.context import Context
from modeltap.analysis.explanations import (
    column_sentences,
    finding_sentences,
    model_sentences,
    window_sentences,
)
from modeltap.analysis.explanations.held_back import held_back
from modeltap.analysis.explanations.sentence import sentence
from modeltap.analysis.model.metric import ALERT, NOT_COMPARABLE, OK, Evidence, Metric
from modeltap.logs import logger

SUBJECTS = (
    column_sentences,
    window_sentences,
    finding_sentences,
    model_sentences,
)
"""The modules whose functions are registered with `sentence`, for each kind of evidence."""


def explained(metrics: Iterable[Metric], context: Context | None = None) -> list[Metric]:
    """Return `metrics` with explanations: of alerts, and of those whose evidence only describes.

    One that is `ok` is explained where a rule held an effect back.

    Args:
        context: what the metrics of a reference's window were evaluated in.
    """
    return [_explained(metric, context) for metric in metrics]


def _explained(metric: Metric, context: Context | None) -> Metric:
    if metric.evidence is None or metric.verdict not in (ALERT, OK, NOT_COMPARABLE, None):
        return metric
    try:
        return replace(metric, explanation=_sentence(metric.evidence, metric, context))
    except Exception:
        # An alert without its sentence is better than none.
        logger.exception("modeltap: no explanation of %s of %s", metric.metric, metric.feature)
        return metric


def _sentence(evidence: Evidence, metric: Metric, context: Context | None) -> str | None:
    if metric.verdict != OK:
        return sentence(evidence, metric, context)
    reason = held_back(metric, context)
    return None if reason is None else f"{sentence(evidence, metric, context)}; {reason}"
