"""Estimates of several classes hold the truth."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, f1_score

from modeltap.analysis.estimation.class_estimates import estimate_classes
from modeltap.analysis.estimation.estimates import metrics_of_classes
from modeltap.analysis.estimation.unlabelled import Outputs
from modeltap.analysis.model.calibration import learn_calibration
from modeltap.analysis.references.performance_baseline import learn_baseline

NAMES = np.array(["bird", "cat", "dog", "fish"])


def draw(rows, rng):
    """Return predicted and true classes, and the score of the predicted one, which is too high."""
    chances = rng.dirichlet([0.6, 0.9, 0.4, 0.2], size=rows)
    true = (chances.cumsum(axis=1) < rng.random((rows, 1))).sum(axis=1).clip(0, 3)
    predicted = chances.argmax(axis=1)
    return NAMES[predicted], NAMES[true], np.sqrt(chances.max(axis=1))


@pytest.mark.parametrize("rows", [200, 2000])
def test_intervals_hold_the_truth(rows):
    rng = np.random.default_rng(0)
    held = []
    for number in range(60):
        predicted, true, scores = draw(4000, rng)
        calibration = learn_calibration(scores, predicted == true)
        confusion = Counter(zip(predicted.tolist(), true.tolist(), strict=True))
        predicted, true, scores = draw(rows, rng)
        own = estimate_classes(predicted.tolist(), scores, calibration, confusion, number)
        truth = {
            "accuracy": accuracy_score(true, predicted),
            "f1_macro": f1_score(true, predicted, average="macro"),
        }
        held.append([own[name].low <= truth[name] <= own[name].high for name in truth])
    # 60 windows: .86 is three standard errors below .95.
    assert np.mean(held, axis=0).min() >= 0.86


@pytest.mark.parametrize("bad", [None, "high", -0.5, 1.5])
def test_rows_without_a_score_are_left_out(bad):
    predicted, true, scores = draw(2000, np.random.default_rng(1))
    known = learn_baseline(predicted.tolist(), true.tolist(), scores=scores.tolist())
    outputs = Outputs([*predicted[:500].tolist(), "cat", None], [*scores[:500].tolist(), bad, 0.5])
    names = [(own.metric, own.rows) for own in metrics_of_classes(outputs, known, 100)]
    assert names == [(f"estimated_{name}", 500) for name in ("accuracy", "f1_macro", "roc_auc")]


def test_a_class_that_the_reference_does_not_have_is_estimated_too():
    predicted, true, scores = draw(2000, np.random.default_rng(2))
    known = learn_baseline(predicted.tolist(), true.tolist(), scores=scores.tolist())
    *own, area = metrics_of_classes(Outputs(["horse"] * 200, [0.5] * 200), known, 100)
    assert area.evidence.classes == 5  # and the horse
    assert all(0 <= metric.low <= metric.value <= metric.high <= 1 for metric in own)


def test_few_rows_have_no_estimate():
    predicted, true, scores = draw(2000, np.random.default_rng(3))
    known = learn_baseline(predicted.tolist(), true.tolist(), scores=scores.tolist())
    (own,) = metrics_of_classes(Outputs(["cat"] * 50, [0.5] * 50), known, 100)
    assert own.value is None and own.verdict == "not_enough_rows"
