"""Explanations: from what to what a metric moved, in how many rows, and how rare that is by chance.

Detectors return evidence; the sentences are made of it here, once, for what alerts.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable

from msgspec.structs import replace

from modeltap.analysis.detectors.context import Context
from modeltap.analysis.explanations import (
    changed_values,
    column_sentences,
    model_sentences,
    renamed_categories,
    swapped_columns,
    window_sentences,
)
from modeltap.analysis.explanations.sentence import sentence
from modeltap.analysis.model.metric import ALERT, NOT_COMPARABLE, Metric

logger = logging.getLogger("modeltap")

SUBJECTS = (
    column_sentences,
    window_sentences,
    model_sentences,
    changed_values,
    renamed_categories,
    swapped_columns,
)
"""The modules whose functions are registered with `sentence`, for each kind of evidence."""


def explained(metrics: Iterable[Metric], context: Context | None = None) -> list[Metric]:
    """Return `metrics` with explanations: of alerts, and of those whose evidence only describes.

    Args:
        context: what the metrics of a reference's window were evaluated in.
    """
    return [_explained(metric, context) for metric in metrics]


def _explained(metric: Metric, context: Context | None) -> Metric:
    if metric.evidence is None or metric.verdict not in (ALERT, NOT_COMPARABLE, None):
        return metric
    try:
        return replace(metric, explanation=sentence(metric.evidence, metric, context))
    except Exception:
        # An alert without its sentence is better than none.
        logger.exception("modeltap: no explanation of %s of %s", metric.metric, metric.feature)
        return metric
