"""Micro averages of sets of labels equal scikit-learn's, and their intervals hold the truth."""

from __future__ import annotations

import json
from collections import Counter

import numpy as np
import pytest
from scipy.stats import binomtest
from sklearn.metrics import f1_score, precision_score, recall_score

from modeltap.analysis.performance.set_metrics import set_metrics
from modeltap.analysis.statistics.confusion import class_name

NAMES = np.array(["a", "b", "c", "d"])
RATES = np.array([0.5, 0.3, 0.1, 0.02])
SCORES = {
    "precision_micro": precision_score,
    "recall_micro": recall_score,
    "f1_micro": f1_score,
}


def draw(rng, rows, wrong=0.2):
    """Return (rows, 4) predicted and true labels; those of a row are wrong together."""
    true = rng.random((rows, 4)) < RATES
    hard = rng.random((rows, 1)) < 0.5
    return true ^ (rng.random((rows, 4)) < wrong * 2 * hard), true


def pairs_of(predicted, true):
    def named(side):
        return [class_name(json.dumps(NAMES[row].tolist())) for row in side]

    return Counter(zip(named(predicted), named(true), strict=True))


@pytest.mark.parametrize("seed", range(10))
def test_values_equal_scikit_learn(seed):
    rng = np.random.default_rng(seed)
    predicted, true = draw(rng, int(rng.integers(20, 300)))
    own = {metric.metric: metric.value for metric in set_metrics(pairs_of(predicted, true))}
    for name, score in SCORES.items():
        assert own[name] == pytest.approx(score(true, predicted, average="micro"), abs=1e-12)


@pytest.mark.parametrize("rows", [100, pytest.param(500, marks=pytest.mark.slow)])
def test_intervals_hold_the_truth(rows):
    """In 1,000 windows of nominal .95: at least .93, by an exact test at .001."""
    rng = np.random.default_rng(rows)
    truths = {
        name: score(*reversed(draw(rng, 400_000)), average="micro")
        for name, score in SCORES.items()
    }
    held = Counter()
    for _ in range(1000):
        for own in set_metrics(pairs_of(*draw(rng, rows))):
            held[own.metric] += own.low <= truths[own.metric] <= own.high
    for name in SCORES:
        assert binomtest(held[name], 1000, 0.93, alternative="less").pvalue > 0.001


def test_single_classes_have_none():
    assert set_metrics({("a", "b"): 5, ("a", "a"): 9}) == []


@pytest.mark.parametrize("count", [1, 4, 5, 90])
@pytest.mark.parametrize(
    ("predicted", "true", "values"),
    [
        ('["a","b"]', '["a","b"]', {"precision_micro": 1, "recall_micro": 1, "f1_micro": 1}),
        ('["a","b"]', "c", {"precision_micro": 0, "recall_micro": 0, "f1_micro": 0}),
        ("[]", '["a","b"]', {"recall_micro": 0, "f1_micro": 0}),
        ('["a","b"]', "[]", {"precision_micro": 0, "f1_micro": 0}),
        ("[]", "[]", {}),
    ],
)
def test_sets_that_are_all_alike(count, predicted, true, values):
    own = {metric.metric: metric for metric in set_metrics({(predicted, true): count})}
    assert {name: metric.value for name, metric in own.items()} == values
    for metric in own.values():
        assert (metric.low is None) == (count < 5)
        if metric.low is not None:
            assert metric.low <= metric.value <= metric.high
