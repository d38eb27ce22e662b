"""Influences: values are scikit-learn's, and influences those of leaving each row out."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics

from modeltap.analysis.performance.paired import pair_up
from modeltap.comparison.differences.influence import influenced_metrics

MACRO = {"average": "macro", "zero_division": 0}
OF_CLASSES = {
    "accuracy": metrics.accuracy_score,
    "balanced_accuracy": lambda true, own: metrics.recall_score(
        true, own, labels=sorted(set(true)), **MACRO
    ),
    "precision_macro": lambda true, own: metrics.precision_score(true, own, **MACRO),
    "recall_macro": lambda true, own: metrics.recall_score(true, own, **MACRO),
    "f1_macro": lambda true, own: metrics.f1_score(true, own, **MACRO),
    "f1_weighted": lambda true, own: metrics.f1_score(true, own, average="weighted"),
}
OF_SCORES = {
    "roc_auc": metrics.roc_auc_score,
    "brier": metrics.brier_score_loss,
    "log_loss": metrics.log_loss,
}
OF_NUMBERS = {
    "mae": metrics.mean_absolute_error,
    "rmse": metrics.root_mean_squared_error,
    "r2": metrics.r2_score,
    "mape": metrics.mean_absolute_percentage_error,
}
ROWS = 120


def left_out(function, true, own):
    """Return (n,) influences by the jackknife."""
    whole = function(true, own)
    rows = range(len(true))
    parts = [function(np.delete(true, row), np.delete(own, row)) for row in rows]
    return (len(true) - 1) * (whole - np.array(parts))


def check(influenced, functions, true, own):
    assert {metric.metric for metric in influenced} >= set(functions)
    for metric in influenced:
        function = functions.get(metric.metric)
        if function is None:
            continue
        assert metric.value == pytest.approx(function(true, own))
        assert metric.influence.mean() == pytest.approx(0, abs=1e-9)
        jackknife = left_out(function, true, own)
        assert np.corrcoef(jackknife, metric.influence)[0, 1] > 0.995
        assert metric.influence.std() == pytest.approx(jackknife.std(), rel=0.06)


def test_classes():
    rng = np.random.default_rng(3)
    true = rng.integers(0, 3, ROWS)
    own = np.where(rng.random(ROWS) < 0.7, true, rng.integers(0, 4, ROWS))
    paired = pair_up(own.tolist(), true.tolist(), "classification")
    check(influenced_metrics(paired), OF_CLASSES, true, own)


def test_scores():
    rng = np.random.default_rng(4)
    true = (rng.random(ROWS) < 0.3).astype(int)
    own = np.clip(0.3 + 0.2 * true + rng.normal(0, 0.2, ROWS), 0.001, 0.999).round(2)
    check(influenced_metrics(pair_up(own.tolist(), true.tolist())), OF_SCORES, true, own)


def test_numbers():
    rng = np.random.default_rng(5)
    true = rng.uniform(5, 15, ROWS)
    own = true + rng.normal(0.3, 1, ROWS)
    check(influenced_metrics(pair_up(own.tolist(), true.tolist())), OF_NUMBERS, true, own)


def test_metrics_that_are_not_defined_are_left_out():
    """The ROC area of one class, R2 of constant labels, MAPE with a label of 0, and sets."""

    def names(predictions, labels, task=None):
        own = influenced_metrics(pair_up(predictions, labels, task))
        return {metric.metric for metric in own}

    assert "roc_auc" not in names([0.2, 0.9, 0.7], [1, 1, 1])
    assert names([1.5, 2.5], [2.0, 2.0], "regression") == {"mae", "rmse", "mape"}
    assert names([1.5, 2.5], [0.0, 2.0], "regression") == {"mae", "rmse", "r2"}
    assert names(['["a"]', '["a","b"]'], ['["a"]', '["b"]']) == {"accuracy"}
    assert names([], []) == set()


def test_a_class_with_few_rows_carries_little_information():
    true = ["a"] * 500 + ["b"] * 4
    by_name = {own.metric: own for own in influenced_metrics(pair_up(true, true))}
    assert by_name["accuracy"].effective == 504 and by_name["f1_macro"].effective == 0


def test_perfect_numbers_have_finite_influences():
    own = influenced_metrics(pair_up([1.5, 2.5, 3.5], [1.5, 2.5, 3.5]))
    assert all(np.isfinite(metric.influence).all() for metric in own)
