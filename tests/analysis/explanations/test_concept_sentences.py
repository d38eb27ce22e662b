"""Sentences about errors and inputs together."""

from __future__ import annotations

import pytest

from modeltap.analysis.concept.concept_drift import InputChanges, concept_drift
from modeltap.analysis.concept.excess import Expected
from modeltap.analysis.explanations.concept_sentences import with_relation
from modeltap.analysis.model.baseline import Baseline
from modeltap.analysis.model.metric import ALERT, NO_REFERENCE, Metric

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


@pytest.mark.parametrize(
    ("value", "expected", "moved", "compared", "text"),
    [
        (20.0, 10.0, (), True, "inputs as before, errors doubled: concept drift since 2024-03-01"),
        (40.0, 13.0, ("temp",), True, "inputs moved (temp), errors are 4 times as large"),
        (40.0, 16.0, ("temp",), True, "of which the inputs explain 20 %: concept drift"),
        (13.0, 13.0, ("a", "b"), True, "inputs moved (a and b), errors grew by 30 %, as expected"),
        (30.0, 10.0, (), False, "inputs were not compared, errors tripled"),
    ],
)
def test_alerts_of_performance_say_what_changed(value, expected, moved, compared, text):
    concept = drift(value, expected, moved, compared)
    (own, _) = with_relation([mae(value)], concept)
    assert own.explanation.startswith("mean absolute error grew; ") and text in own.explanation


def test_moved_inputs_without_larger_errors_are_described():
    (own,) = with_relation([], drift(10.0, moved=("temp",)))
    assert own.explanation == "inputs moved (temp), errors as before"


def test_inputs_that_were_not_compared_are_not_called_unchanged():
    (own,) = with_relation([], drift(10.0, compared=False))
    assert own.explanation == "inputs were not compared, errors as before"


def test_a_metric_without_evidence_stays():
    own = Metric(metric="concept_drift", rows=5, verdict=NO_REFERENCE)
    assert with_relation([], own) == [own]
