"""Metrics of errors equal scikit-learn's, and their intervals hold the truth."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import (
    mean_absolute_percentage_error,
    median_absolute_error,
    r2_score,
    root_mean_squared_error,
)

from modeltap.analysis.performance.error_metrics import describe_errors


def draw(rng, rows):
    labels = rng.normal(50, 10, rows)
    return rng.normal(0.5, 3, rows), labels


def described(errors, labels):
    return {own.metric: own for own in describe_errors(errors, labels)}


@pytest.mark.parametrize("rows", [2, 7, 100, 2000])
def test_values_equal_scikit_learn(rows):
    errors, labels = draw(np.random.default_rng(rows), rows)
    own = {name: metric.value for name, metric in described(errors, labels).items()}
    predictions = labels + errors
    assert own == pytest.approx(
        {
            "rmse": root_mean_squared_error(labels, predictions),
            "bias": errors.mean(),
            "median_absolute_error": median_absolute_error(labels, predictions),
            "r2": r2_score(labels, predictions),
            "mape": mean_absolute_percentage_error(labels, predictions),
        }
    )


@pytest.mark.parametrize("rows", [100, 500, 5000])
def test_intervals_hold_the_truth(rows):
    """400 windows: .91 is three and a half standard errors below .95."""
    rng = np.random.default_rng(rows)
    truth = {name: own.value for name, own in described(*draw(rng, 3_000_000)).items()}
    held = []
    for _ in range(400):
        own = described(*draw(rng, rows))
        held.append([own[name].low <= truth[name] <= own[name].high for name in truth])
    assert np.mean(held, axis=0).min() >= 0.91


@pytest.mark.parametrize(
    ("errors", "labels", "missing"),
    [
        (np.ones(9), np.full(9, 3.0), {"r2"}),
        (np.ones(9), np.arange(9.0), {"mape"}),
        (np.zeros(9), np.arange(1, 10.0), set()),
        (np.full(9, 1e200), np.arange(1, 10.0), set()),
    ],
    ids=["equal labels", "a label of 0", "no errors", "huge errors"],
)
def test_what_is_not_defined_is_left_out(errors, labels, missing):
    names = {"rmse", "bias", "median_absolute_error", "r2", "mape"}
    own = described(errors, labels)
    assert set(own) == names - missing
    values = [value for metric in own.values() for value in (metric.value, metric.low, metric.high)]
    assert all(value is None or np.isfinite(value) for value in values)


@pytest.mark.parametrize(
    "errors",
    [
        np.arange(60) % 2,
        (np.arange(60) % 10 == 0) * 1,
        np.zeros(60),
        np.ones(60),
        np.tile([-0.5, 0.5], 30),
    ],
    ids=["often one", "seldom one", "none", "always one", "same size"],
)
def test_intervals_do_not_depend_on_the_unit(errors):
    """Errors of 0 and 1 are measured values, not outcomes."""
    labels = np.arange(60) + 1.0
    units = (1.0, 1000.0)
    small, large = (
        {own.metric: own for own in describe_errors(errors * unit, labels * unit)} for unit in units
    )
    for name in ("bias", "rmse", "median_absolute_error"):
        for end in ("value", "low", "high"):
            own, other = getattr(small[name], end), getattr(large[name], end)
            if own is None:
                assert other is None
            else:
                assert other == pytest.approx(1000 * own)
    assert large["r2"].high == pytest.approx(small["r2"].high)
