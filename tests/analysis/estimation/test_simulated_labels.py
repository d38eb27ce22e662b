"""Estimates equal scikit-learn's metrics, and their intervals hold the truth."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, brier_score_loss, f1_score, log_loss, roc_auc_score

from modeltap.analysis.estimation.simulated_labels import estimate
from modeltap.analysis.model.calibration import Calibration, learn_calibration


def measured(scores, predicted, positive):
    return {
        "accuracy": accuracy_score(positive, predicted),
        "f1_macro": f1_score(positive, predicted, average="macro"),
        "roc_auc": roc_auc_score(positive, scores),
        "brier": brier_score_loss(positive, scores),
        "log_loss": log_loss(positive, scores),
    }


@pytest.mark.parametrize("threshold", [0.2, 0.5, 0.8])
def test_certain_labels_give_the_measured_metrics(threshold):
    """Each score has a certain label, so that every simulation draws the true ones."""
    rng = np.random.default_rng(0)
    levels = np.array([0.05, 0.3, 0.45, 0.6, 0.95])
    certain = np.array([0, 0, 1, 1, 1])
    calibration = Calibration(tuple(levels), (10**13,) * 5, tuple(int(c) * 10**13 for c in certain))
    places = rng.integers(5, size=3000)
    scores, positive = levels[places], certain[places] == 1
    predicted = scores >= threshold
    result = estimate(scores, predicted, calibration)
    for name, value in measured(scores, predicted, positive).items():
        assert result[name].value == pytest.approx(value, abs=1e-9), name
        assert result[name].high - result[name].low < 1e-6, name


@pytest.mark.parametrize(("rows", "share"), [(200, 0.5), (2000, 0.5), (2000, 0.05)])
def test_intervals_hold_the_truth(rows, share):
    rng = np.random.default_rng(1)

    def draw(count):
        odds = rng.normal(np.log(share / (1 - share)), 1.5, count)
        scores = 1 / (1 + np.exp(-odds))
        return scores, rng.uniform(size=count) < 1 / (1 + np.exp(-odds - np.log(2)))

    inside = []
    for number in range(100):
        calibration = learn_calibration(*draw(5000))
        scores, positive = draw(rows)
        result = estimate(scores, scores >= 0.5, calibration, number)
        truth = measured(scores, scores >= 0.5, positive)
        inside.append([result[name].low <= truth[name] <= result[name].high for name in truth])
    # 100 windows: .87 is three standard errors below .95.
    assert np.array(inside).mean(axis=0).min() >= 0.87


def test_the_same_window_has_the_same_estimate():
    rng = np.random.default_rng(0)
    scores = rng.uniform(size=500)
    calibration = learn_calibration(scores, rng.uniform(size=500) < scores)
    assert estimate(scores, scores > 0.5, calibration) == estimate(
        scores, scores > 0.5, calibration
    )


@pytest.mark.parametrize("score", [0.0, 1.0, 0.5])
def test_estimates_of_one_score_are_finite(score):
    calibration = Calibration((0.1, 0.9), (100, 100), (10, 90))
    scores = np.full(300, score)
    result = estimate(scores, scores >= 0.5, calibration)
    assert np.isfinite([value for own in result.values() for value in own]).all()
