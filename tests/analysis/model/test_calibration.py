"""The calibration of scores: bins of both classes, and curves that rise."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import isotonic_regression

from modeltap.analysis.model.calibration import Calibration, _isotonic, learn_calibration


def rows(count, share, seed=0):
    """Return scores whose odds are half of the true ones, and the classes."""
    rng = np.random.default_rng(seed)
    odds = rng.normal(np.log(share / (1 - share)), 1.5, count)
    true = 1 / (1 + np.exp(-odds - np.log(2)))
    return 1 / (1 + np.exp(-odds)), rng.uniform(size=count) < true


@pytest.mark.parametrize("share", [0.5, 0.1, 0.01])
def test_bins_have_all_rows_of_both_classes(share):
    scores, positive = rows(5000, share)
    learnt = learn_calibration(scores, positive)
    assert sum(learnt.rows) == 5000 and sum(learnt.positives) == positive.sum()
    assert list(learnt.scores) == sorted(learnt.scores)
    assert 10 <= len(learnt.rows) <= 100


def test_equal_scores_are_in_the_same_bin():
    scores = np.repeat([0.1, 0.5, 0.9], 500)
    learnt = learn_calibration(scores, np.arange(1500) % 3 == 0)
    assert learnt.scores == pytest.approx((0.1, 0.5, 0.9)) and learnt.rows == (500, 500, 500)


@pytest.mark.parametrize("share", [0.5, 0.02])
def test_curves_follow_the_true_probability(share):
    scores, positive = rows(50_000, share)
    curves = learn_calibration(scores, positive).curves(50, np.random.default_rng(0))
    assert (np.diff(curves, axis=1) >= 0).all()
    learnt = learn_calibration(scores, positive)
    odds = np.log(np.array(learnt.scores) / (1 - np.array(learnt.scores)))
    expected = 1 / (1 + np.exp(-odds - np.log(2)))
    assert np.abs(curves.mean(axis=0) - expected).mean() < 0.02


def test_the_rate_of_a_rare_class_is_kept():
    """A prior of half a row for each bin would double a rate of one in a hundred."""
    scores, positive = rows(5000, 0.01)
    learnt = learn_calibration(scores, positive)
    curves = learnt.curves(200, np.random.default_rng(0))
    rates = curves @ np.array(learnt.rows) / 5000
    assert rates.mean() == pytest.approx(positive.mean(), rel=0.05)


def test_curves_fall_if_scores_rank_in_reverse():
    scores, positive = rows(5000, 0.5)
    curves = learn_calibration(scores, ~positive).curves(20, np.random.default_rng(0))
    assert (np.diff(curves, axis=1) <= 0).all() and curves[:, 0].mean() > 0.8


def test_a_bin_without_positive_rows_is_not_certain():
    curves = Calibration((0.1, 0.9), (50, 50), (0, 50)).curves(200, np.random.default_rng(0))
    assert 0 < curves[:, 0].max() < 0.2 and 0.8 < curves[:, 1].min() < 1


def test_curves_equal_isotonic_regression():
    rng = np.random.default_rng(0)
    weights = rng.integers(1, 100, 40)
    values = rng.uniform(size=(5, 40)) + np.linspace(0, 1, 40)
    expected = [isotonic_regression(row, weights=weights).x for row in values]
    assert _isotonic(values, weights) == pytest.approx(np.array(expected))
