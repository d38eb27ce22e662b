"""`concept_drift` of a window whose mean absolute error is given, for tests."""

from __future__ import annotations

from modeltap.analysis.concept.concept_drift import InputChanges, concept_drift
from modeltap.analysis.concept.excess import Expected
from modeltap.analysis.model.baseline import Baseline
from modeltap.analysis.model.metric import ALERT, Metric

KNOWN = Baseline(task="regression", rows=5000, mean=10.0, variance=64.0)
LEVEL = 0.0009


def mae(value, rows=1000):
    return Metric(
        metric="mae",
        rows=rows,
        value=value,
        low=value - 0.5,
        high=value + 0.5,
        verdict=ALERT,
        explanation="mean absolute error grew",
    )


def drift(value, expected=10.0, moved=(), compared=True, earlier=(), by_inputs=True):
    return concept_drift(
        mae(value),
        Expected(expected, 0.4, 1000, by_inputs),
        KNOWN,
        InputChanges(tuple(moved), compared),
        earlier,
        "2024-03-01T00:00:00.000Z",
        LEVEL,
    )
