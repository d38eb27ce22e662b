"""Sentences about errors and inputs together."""

from __future__ import annotations

import pytest

from concept_cases import drift, mae
from modeltap.analysis.explanations.concept_sentences import with_relation
from modeltap.analysis.model.metric import NO_REFERENCE, Metric


@pytest.mark.parametrize(
    ("value", "expected", "moved", "compared", "text"),
    [
        (20.0, 10.0, (), True, "inputs as before, errors doubled: concept drift since 2024-03-01"),
        (40.0, 13.0, ("temp",), True, "inputs moved (temp), errors are 4 times as large"),
        (40.0, 16.0, ("temp",), True, "of which the inputs explain 20 %: concept drift"),
        (13.0, 13.0, ("a", "b"), True, "inputs moved (a and b), errors grew by 30 %, as expected"),
        (20.0, 10.0, tuple("abcde"), True, "inputs moved (a, b, c and 2 more), errors doubled"),
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
