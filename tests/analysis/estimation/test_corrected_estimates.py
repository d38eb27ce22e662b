"""Estimates that are corrected by the labels that have arrived, and their intervals."""

from __future__ import annotations

import numpy as np
import pytest

from modeltap.analysis.estimation.corrected_estimates import (
    Arrived,
    PartlyLabelled,
    all_alike,
    corrected_mean,
    corrected_metrics,
)
from modeltap.analysis.estimation.simulated_labels import metrics_of_sums, summed_columns

ROWS = 1000


def window(rng, *, drift=0.0):
    """Return scores and labels of a window; `drift` is added to the labels' log odds."""
    odds = rng.normal(0.0, 1.5, ROWS)
    scores = 1 / (1 + np.exp(-odds))
    return scores, rng.random(ROWS) < 1 / (1 + np.exp(-odds - drift))


def estimates(scores, label, arrived):
    predicted = scores >= 0.5
    return corrected_metrics(
        PartlyLabelled(scores, label, arrived, scores),
        summed_columns(scores, predicted),
        lambda sums: metrics_of_sums(sums, scores, predicted),
    )


def truth(scores, positive):
    predicted = scores >= 0.5
    sums = positive @ summed_columns(scores, predicted)
    return {
        name: float(value[0])
        for name, value in metrics_of_sums(sums[None], scores, predicted).items()
    }


@pytest.mark.parametrize("drift", [0.0, -1.5], ids=["as before", "concept drift"])
@pytest.mark.parametrize("fraction", [0.1, 0.5])
def test_intervals_hold_the_window_when_labels_arrive_at_random(drift, fraction):
    rng = np.random.default_rng(0)
    inside = []
    for _ in range(150):
        scores, positive = window(rng, drift=drift)
        label = np.where(rng.random(ROWS) < fraction, positive, np.nan)
        own, true = estimates(scores, label, all_alike(ROWS)), truth(scores, positive)
        inside.append([own[name].low <= true[name] <= own[name].high for name in true])
    # 150 windows: .89 is more than three standard errors below .95.
    assert np.array(inside).mean(axis=0).min() >= 0.89


def test_slow_labels_of_a_class_are_weighted():
    """A fifth of the positive labels have arrived, and all of the others."""
    rng = np.random.default_rng(1)
    gaps, unweighted, inside = [], [], []
    for _ in range(100):
        scores, positive = window(rng, drift=-1.5)
        arrived = np.where(positive, 0.2, 1.0)
        label = np.where(rng.random(ROWS) < arrived, positive, np.nan)
        true = truth(scores, positive)["accuracy"]
        known = Arrived(arrived, positive.astype(int), np.zeros(2))
        own = estimates(scores, label, known)["accuracy"]
        gaps.append(own.value - true)
        unweighted.append(estimates(scores, label, all_alike(ROWS))["accuracy"].value - true)
        inside.append(own.low <= true <= own.high)
    assert abs(np.mean(gaps)) < 0.01 < abs(np.mean(unweighted))
    assert np.mean(inside) >= 0.87


def test_all_labels_give_the_measured_metrics():
    scores, positive = window(np.random.default_rng(2))
    own, true = estimates(scores, positive.astype(float), all_alike(ROWS)), truth(scores, positive)
    for name, value in true.items():
        assert own[name] == pytest.approx((value, value, value), abs=1e-9), name


def test_a_good_expectation_makes_the_interval_narrower():
    rng = np.random.default_rng(3)
    values = rng.gamma(2.0, size=2000)
    measured = np.where(rng.random(2000) < 0.2, values, np.nan)
    useless = corrected_mean(measured, np.ones(2000), all_alike(2000))
    good = corrected_mean(measured, values + rng.normal(size=2000) / 2, all_alike(2000))
    assert good.high - good.low < 0.6 * (useless.high - useless.low)
    assert useless.value == pytest.approx(np.nanmean(measured))
