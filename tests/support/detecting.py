"""Evaluation of a window in tests, without a store; exceptions of detectors propagate."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from modeltap.analysis.counting.tally import Tally
from modeltap.analysis.detectors import COLUMN_DETECTORS, Detector
from modeltap.analysis.detectors.context import ALPHA, DRIFT_FLOOR, Context, Sensitivity
from modeltap.analysis.explanations.explain import explained
from modeltap.analysis.model.metric import Metric
from modeltap.analysis.model.reference import Reference


def evaluated(
    reference: Reference,
    window: Tally,
    detectors: Sequence[Detector] = COLUMN_DETECTORS,
    sensitivity: Sensitivity = "normal",
    **options: Any,
) -> list[Metric]:
    """Return a window's explained metrics; `options` are the context's."""
    levels = {"alpha": ALPHA[sensitivity], "drift_floor": DRIFT_FLOOR[sensitivity]}
    context = Context(reference, window, **(levels | options))
    metrics: list[Metric] = []
    for detector in detectors:
        found = detector.evaluate(context)
        context = context.after(found)
        metrics += explained(found, context)
    return metrics
