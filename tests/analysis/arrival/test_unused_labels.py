"""Labelled rows that the performance leaves out, with the reason."""

from __future__ import annotations

import pytest

from modeltap.analysis.arrival.unused_labels import unused_labels
from modeltap.analysis.explanations.explain import explained
from modeltap.analysis.labelling.window_performance import coverage_metric
from modeltap.analysis.performance.evaluation import evaluate
from modeltap.analysis.performance.labelled import LabelledContext
from modeltap.store.labelled_rows import LabelledPrediction, LabelledRows

GOOD = [(n + 0.5, n + 0.25) for n in range(97)]


def coverage_of(pairs):
    """Return the coverage of a window's predictions and labels, after its performance."""
    rows = LabelledRows(LabelledPrediction(*pair) for pair in pairs)
    metrics = evaluate(LabelledContext(None, rows.predictions, rows.labels, min_rows=50))
    return coverage_metric(rows, explained(metrics))


@pytest.mark.parametrize(
    ("others", "words"),
    [
        ([], None),
        ([(1.5, None), (None, None)], None),
        (
            [(1.5, "cancelled")],
            "1 of 98 labels are not compared: 1 are not numbers, such as 'cancelled'",
        ),
        ([("lost", 1.5)] * 2, "2 of 99 labels are not compared: 2 are not numbers, such as 'lost'"),
        ([(float("inf"), 1.5)], "1 are not numbers, such as inf"),
        ([(None, 1.5), (None, "x")], "2 of 99 labels are not compared: 2 have no prediction"),
        (
            [(None, 1.5), (1.5, "x" * 100)],
            "1 have no prediction, 1 are not numbers, such as a text of 100 characters",
        ),
    ],
)
def test_labels_that_are_not_compared_are_counted_by_reason(others, words):
    coverage = coverage_of([*GOOD, *others])
    assert coverage.explanation == words or words in coverage.explanation


def test_classes_have_every_label_that_has_a_prediction():
    pairs = [("a", "a"), ("b", "cancelled"), ("a", "b")] * 30
    assert coverage_of(pairs).explanation is None
    assert "1 have no prediction" in coverage_of([*pairs, (None, "a")]).explanation


def test_labels_that_cannot_be_compared_at_all_have_their_reason_elsewhere():
    assert coverage_of([(1.5, "cancelled")] * 90).explanation is None


def test_several_outputs_may_have_partial_labels():
    rows = LabelledRows([LabelledPrediction('{"a": 1}', '{"b": 1}')])
    assert unused_labels(rows, []) is None
