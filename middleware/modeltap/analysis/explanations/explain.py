"""Explanations of metrics: the change, the number of rows, and the probability by chance.

Detectors return evidence. This module makes sentences of it, only for metrics that need one.
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import replace

from modeltap.analysis.detectors.context import Context
from modeltap.analysis.explanations import (
    column_sentences,
    concept_sentences,
    fairness_sentences,
    finding_sentences,
    model_sentences,
    window_sentences,
)
from modeltap.analysis.explanations.held_back import held_back
from modeltap.analysis.explanations.sentence import sentence
from modeltap.analysis.model.metric import ALERT, NOT_COMPARABLE, OK, Evidence, Metric
from modeltap.analysis.performance.class_metrics import FewOfClass
from modeltap.logs import logger

SUBJECTS = (
    column_sentences,
    window_sentences,
    finding_sentences,
    model_sentences,
    fairness_sentences,
    concept_sentences,
)
"""The modules that register a function with `sentence` for each kind of evidence."""


def explained(metrics: Iterable[Metric], context: Context | None = None) -> list[Metric]:
    """Return `metrics` with explanations of alerts and of metrics without a verdict.

    A metric that is `ok` is explained if a rule kept its effect from alerting. One without an
    interval is always explained.

    Args:
        context: the context in which the metrics were evaluated, if there is a reference.
    """
    return [_explained(metric, context) for metric in metrics]


def _explained(metric: Metric, context: Context | None) -> Metric:
    explains = metric.verdict in (ALERT, OK, NOT_COMPARABLE, None)
    if metric.evidence is None or not (explains or isinstance(metric.evidence, FewOfClass)):
        return metric
    try:
        return replace(metric, explanation=_sentence(metric.evidence, metric, context))
    except Exception:
        # An alert without its sentence is better than no alert.
        logger.exception("modeltap: no explanation of %s of %s", metric.metric, metric.feature)
        return metric


def _sentence(evidence: Evidence, metric: Metric, context: Context | None) -> str | None:
    if metric.verdict != OK or isinstance(evidence, FewOfClass):
        return sentence(evidence, metric, context)
    reason = held_back(metric, context)
    return None if reason is None else f"{sentence(evidence, metric, context)}; {reason}"
