"""Errors are expected of rows without labels, with intervals that hold the truth."""

from __future__ import annotations

import numpy as np
import pytest

from modeltap.analysis.estimation.error_model import ErrorModel


def draw(rows, rng, shift=0.0):
    """Return inputs, and errors that grow with the first one."""
    inputs = rng.normal(size=(rows, 3))
    inputs[:, 0] += shift
    return inputs, np.exp(0.5 * inputs[:, 0]) * np.abs(rng.normal(size=rows))


@pytest.fixture(scope="module")
def model():
    rng = np.random.default_rng(0)
    return ErrorModel(*draw(4000, rng), np.arange(4000) // 200)


@pytest.mark.parametrize("shift", [0.0, 0.5])
def test_intervals_hold_the_truth_where_inputs_moved(model, shift):
    rng = np.random.default_rng(1)
    held = []
    for _ in range(40):
        inputs, errors = draw(1000, rng, shift)
        expected = model.expected(inputs)
        mean, root = model.mean_error(expected, 1000), model.root_mean_square(expected, 1000)
        held.append(
            [
                mean.low <= errors.mean() <= mean.high,
                root.low <= np.sqrt(np.mean(errors**2)) <= root.high,
            ]
        )
    # 40 windows: .84 is three standard errors below .95.
    assert np.mean(held, axis=0).min() >= 0.84


def test_moved_inputs_raise_the_expected_error(model):
    rng = np.random.default_rng(2)
    before, after = (
        model.mean_error(model.expected(draw(2000, rng, shift)[0]), 2000) for shift in (0.0, 1.0)
    )
    assert after.low > before.high


def test_a_sample_of_a_large_window_has_a_narrower_interval_than_a_small_window(model):
    expected = model.expected(draw(500, np.random.default_rng(3))[0])
    large, small = model.mean_error(expected, 50_000), model.mean_error(expected, 500)
    assert large.value == small.value and large.high < small.high


@pytest.mark.parametrize("error", [0.0, 2.5])
def test_constant_errors_are_expected_exactly(error):
    model = ErrorModel(np.ones((300, 1)), np.full(300, error), np.zeros(300, dtype=int))
    own = model.mean_error(model.expected(np.ones((100, 1))), 100)
    assert own.value == pytest.approx(error) and own.high - own.low < 1e-6


def test_missing_inputs_are_values_of_their_own():
    rng = np.random.default_rng(4)
    inputs = np.where(rng.random((600, 1)) < 0.5, np.nan, 1.0)
    errors = np.where(np.isnan(inputs[:, 0]), 4.0, 1.0)
    model = ErrorModel(inputs, errors, np.zeros(600, dtype=int))
    own = model.mean_error(model.expected(np.full((100, 1), np.nan)), 100)
    assert own.value == pytest.approx(4.0, rel=0.1)


@pytest.mark.parametrize("columns", [0, 1, 1500])
def test_any_number_of_columns(columns):
    """Of very many, the ones that go with the errors are used."""
    rng = np.random.default_rng(5)
    inputs = rng.normal(size=(400, columns))
    errors = np.exp(inputs[:, -1]) if columns else rng.random(400)
    model = ErrorModel(inputs, errors, np.zeros(400, dtype=int))
    expected = model.expected(inputs[:100])
    assert np.isfinite(expected.trees).all() and np.isfinite(expected.second).all()
    if columns:
        assert np.corrcoef(expected.trees.mean(axis=0), errors[:100])[0, 1] > 0.8


def test_far_inputs_widen_the_interval():
    """Trees expect nothing larger than at the edge of the reference, all of them alike."""
    held, widths = [], []
    for seed in range(8):
        rng = np.random.default_rng(seed)
        model = ErrorModel(*draw(1500, rng), np.arange(1500) // 100)
        inputs, errors = draw(20_000, rng, shift=2.5)
        own = model.mean_error(model.expected(inputs), 20_000)
        widths.append((own.high - own.low) / own.value)
        held.append(own.low <= errors.mean() <= own.high)
    assert sum(held) >= 7
    assert min(widths) > 0.1
