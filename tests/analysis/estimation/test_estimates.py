"""The estimated metrics of a window, and when there are none."""

from __future__ import annotations

import numpy as np
import pytest

from modeltap.analysis.estimation.estimates import can_estimate, estimated_metrics, expected_error
from modeltap.analysis.estimation.unlabelled import Outputs
from modeltap.analysis.explanations.explain import explained
from modeltap.analysis.model.metric import NOT_ENOUGH_ROWS, Metric
from modeltap.analysis.references.performance_baseline import learn_baseline
from modeltap.config.metrics import CATALOGUE

RNG = np.random.default_rng(0)


def model(count):
    """Return scores of late flights, and whether they are late."""
    scores = RNG.beta(2, 2, count)
    return scores, RNG.uniform(size=count) < scores


def reference(count=3000, spelling=("on_time", "late")):
    scores, late = model(count)
    labels = [spelling[int(value)] for value in late]
    predictions = [spelling[int(score >= 0.5)] for score in scores]
    return learn_baseline(predictions, labels, scores=scores.tolist())


@pytest.mark.parametrize("spelling", [("on_time", "late"), (0, 1), (False, True), ("no", "yes")])
@pytest.mark.parametrize("of_predicted", [False, True])
def test_the_accuracy_of_a_window_is_estimated(spelling, of_predicted):
    scores, late = model(4000)
    predicted = scores >= 0.5
    column = np.where(predicted, scores, 1 - scores) if of_predicted else scores
    names = [spelling[int(value)] for value in predicted]
    known = learn_baseline(
        names[:2000],
        [spelling[int(value)] for value in late[:2000]],
        scores=column[:2000].tolist(),
        form=_form(spelling),
    )
    outputs = Outputs(names[2000:], column[2000:].tolist())
    metrics = {metric.metric: metric for metric in estimated_metrics(outputs, known, 0.5, 100)}
    accuracy = metrics["estimated_accuracy"]
    truth = float(np.mean(predicted[2000:] == late[2000:]))
    assert accuracy.low <= truth <= accuracy.high and accuracy.high - accuracy.low < 0.12
    assert accuracy.verdict is None and accuracy.rows == 2000


def _form(spelling):
    from modeltap.analysis.performance.positive_class import LabelForm

    return LabelForm("late") if spelling == ("on_time", "late") else LabelForm()


def test_every_estimate_is_in_the_catalogue_and_explained():
    known = learn_baseline(*_scored(3000))
    metrics = explained(estimated_metrics(Outputs(_scored(500)[0], [None] * 500), known, 0.5, 100))
    assert len(metrics) == 5
    for metric in metrics:
        entry = CATALOGUE[metric.metric]
        assert entry.report == "performance" and not entry.has_verdict
        assert "3,000 labelled rows" in metric.explanation
        assert metric.low <= metric.value <= metric.high


def _scored(count):
    scores, late = model(count)
    return scores.tolist(), late.astype(int).tolist()


def test_a_window_with_few_rows_has_no_estimate():
    known = learn_baseline(*_scored(3000))
    (metric,) = estimated_metrics(Outputs([0.5] * 99 + [None] * 50, [None] * 149), known, 0.5, 100)
    assert metric.verdict == NOT_ENOUGH_ROWS and metric.rows == 99 and metric.value is None


@pytest.mark.parametrize(
    ("predictions", "labels"),
    [
        ([1.5] * 200, [2.5] * 200),
        (["a", "b"] * 100, ["a", "b"] * 100),
        ([0.2, 0.9] * 100, [0] * 200),
        ([0.2] * 200, [1] * 5 + [0] * 195),
    ],
    ids=["regression", "classes", "one class", "a rare class"],
)
def test_references_that_allow_no_estimate(predictions, labels):
    known = learn_baseline(predictions, labels)
    assert not can_estimate(known)
    assert estimated_metrics(Outputs(predictions, [None] * 200), known, 0.5, 100) == []


@pytest.mark.parametrize(
    ("metric", "ends"), [("estimated_mae", (0.25, 0.5)), ("estimated_accuracy", (0.5, 0.75))]
)
def test_the_expected_error_is_kept_apart(metric, ends):
    own = Metric(metric=metric, rows=9, value=0.375, low=0.25, high=0.5)
    (expected,) = expected_error([own])
    assert expected.metric == "expected_error" and (expected.low, expected.high) == ends
    assert expected_error([Metric(metric=metric, rows=9)]) == []
