"""Calibrations of rows whose inputs moved."""

from __future__ import annotations

import numpy as np
import pytest

from modeltap.analysis.estimation.simulated_labels import estimate
from modeltap.analysis.estimation.weighted_calibration import density_ratios, moved_calibration
from modeltap.analysis.model.calibration import learn_calibration


def draw(rows, rng, shift=0.0):
    """Return inputs, scores that know only the first one, and labels that depend on both."""
    inputs = rng.normal(size=(rows, 2))
    inputs[:, 1] += shift
    odds = 2 * inputs[:, 0]
    labels = rng.uniform(size=rows) < 1 / (1 + np.exp(-odds - 1.5 * inputs[:, 1]))
    return inputs, 1 / (1 + np.exp(-odds)), labels


def calibrations(rng, shift):
    """Return the calibration of the reference, and that for a window with moved inputs."""
    inputs, scores, labels = draw(6000, rng)
    known = learn_calibration(scores, labels)
    weights = density_ratios(inputs, draw(2000, rng, shift)[0])
    return known, moved_calibration(known, scores, labels, weights)


@pytest.mark.parametrize("shift", [-0.7, 0.7])
def test_a_moved_input_that_scores_do_not_know_is_followed(shift):
    rng = np.random.default_rng(0)
    known, moved = calibrations(rng, shift)
    _, scores, labels = draw(2000, rng, shift)
    truth = float(np.mean((scores >= 0.5) == labels))
    before, after = (estimate(scores, scores >= 0.5, own)["accuracy"] for own in (known, moved))
    assert abs(after.value - truth) < 0.5 * abs(before.value - truth)
    assert after.low <= truth <= after.high


def test_inputs_that_stayed_hardly_change_the_calibration():
    rng = np.random.default_rng(1)
    _, scores, _ = draw(2000, rng)
    known, moved = calibrations(rng, 0.0)
    before, after = (estimate(scores, scores >= 0.5, own)["accuracy"] for own in (known, moved))
    assert after.value == pytest.approx(before.value, abs=0.005)


def test_weights_are_those_of_the_densities():
    rng = np.random.default_rng(2)
    inputs = rng.integers(0, 2, size=(4000, 1)).astype(float)
    window = (rng.random((2000, 1)) < 0.8).astype(float)
    weights = density_ratios(inputs, window)
    assert weights.mean() == pytest.approx(1.0)
    assert weights[inputs[:, 0] == 1].mean() == pytest.approx(1.6, rel=0.1)
    assert weights[inputs[:, 0] == 0].mean() == pytest.approx(0.4, rel=0.15)


@pytest.mark.parametrize("score", [0.0, 0.5, 1.0])
def test_scores_of_one_value_keep_the_calibration(score):
    scores, labels = np.full(300, score), np.tile([True, False, False], 100)
    known = learn_calibration(scores, labels)
    assert moved_calibration(known, scores, ~labels, np.ones(300)) is known


@pytest.mark.parametrize("columns", [0, 1, 1000])
def test_any_number_of_columns(columns):
    rng = np.random.default_rng(3)
    inputs, window = rng.normal(size=(600, columns)), rng.normal(size=(300, columns))
    window[:, -1:] += 1.0
    weights = density_ratios(inputs, window)
    assert weights.mean() == pytest.approx(1.0) and (weights > 0).all()
    if columns:
        assert np.corrcoef(weights, inputs[:, -1])[0, 1] > 0.2
