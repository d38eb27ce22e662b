"""The test of a slice: an exact interval, and a p-value that outliers do not decide."""

from __future__ import annotations

import numpy as np
import scipy.stats

from modeltap.analysis.slices.held_out import error_of


def test_wrong_predictions_are_compared_exactly():
    inside, rest = np.repeat([1.0, 0.0], [12, 28]), np.repeat([1.0, 0.0], [100, 900])
    error = error_of(inside, rest, binary=True, limit=1.0)
    table = [[12, 28], [100, 900]]
    assert np.isclose(error.p_value, scipy.stats.fisher_exact(table, "greater")[1])
    interval = scipy.stats.binomtest(12, 40).proportion_ci(method="exact")
    assert np.allclose([error.low, error.high], interval)
    assert (error.rows, error.value, error.rest, error.lift) == (40, 0.3, 0.1, 0.3 / 0.1)


def test_one_enormous_error_is_not_a_slice():
    rng = np.random.default_rng(3)
    inside, rest = np.abs(rng.normal(size=60)), np.abs(rng.normal(size=2000))
    inside[0] = 1e9
    error = error_of(inside, rest, binary=False, limit=2.5)
    assert error.p_value > 0.01 and error.value > 1e6


def test_larger_absolute_errors():
    rng = np.random.default_rng(4)
    error = error_of(
        3 * np.abs(rng.normal(size=60)), np.abs(rng.normal(size=2000)), binary=False, limit=2.5
    )
    assert error.p_value < 1e-6 and 2 < error.lift < 4
    assert error.low < error.value < error.high


def test_too_few_rows_are_not_tested():
    assert error_of(np.ones(9), np.zeros(100), binary=True, limit=1.0) is None
    assert error_of(np.ones(50), np.zeros(0), binary=True, limit=1.0) is None


def test_a_slice_beside_perfect_rows_has_no_lift():
    error = error_of(np.ones(50), np.zeros(100), binary=True, limit=1.0)
    assert error.lift is None and error.p_value < 1e-20
