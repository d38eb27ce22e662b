"""Differences of metrics: better, worse, and never better on a tie."""

from __future__ import annotations

import math

import numpy as np
import pytest

from modeltap.analysis.performance.paired import pair_up
from modeltap.comparison.differences.comparison_result import COLUMNS
from modeltap.comparison.differences.metric_differences import (
    paired_differences,
    unpaired_differences,
)

ROWS = 4000


def by_metric(rows):
    return {row.metric: row for row in rows}


def classes(rng, accuracy, labels):
    return np.where(rng.random(len(labels)) < accuracy, labels, 1 - labels).tolist()


def scores(rng, labels, noise):
    return np.clip(0.5 + 0.2 * (2 * labels - 1) + rng.normal(0, noise, len(labels)), 0, 1).tolist()


def test_better_and_worse_classes():
    rng = np.random.default_rng(1)
    labels = rng.integers(0, 2, ROWS)
    low, high = (pair_up(classes(rng, a, labels), labels.tolist()) for a in (0.80, 0.88))
    better = by_metric(paired_differences(low, high))
    worse = by_metric(paired_differences(high, low))
    for metric in ("accuracy", "f1_macro", "balanced_accuracy"):
        assert better[metric].verdict == "better" and better[metric].low > 0
        assert worse[metric].verdict == "worse" and worse[metric].high < 0
        assert worse[metric].difference == pytest.approx(-better[metric].difference)
        assert worse[metric].low == pytest.approx(-better[metric].high)
    row = better["accuracy"]
    assert row.difference == pytest.approx(row.candidate - row.current)
    assert tuple(row.to_dict()) == COLUMNS


def test_better_scores_and_numbers():
    """Lower is better for a Brier score, a log loss and a mean absolute error."""
    rng = np.random.default_rng(2)
    labels = rng.integers(0, 2, ROWS)
    noisy, clear = (pair_up(scores(rng, labels, noise), labels.tolist()) for noise in (0.4, 0.1))
    rows = by_metric(paired_differences(noisy, clear))
    for metric in ("accuracy", "roc_auc", "brier", "log_loss"):
        assert rows[metric].verdict == "better", metric
    assert rows["brier"].difference < 0 < rows["roc_auc"].difference
    true = rng.uniform(5, 15, ROWS)
    wide, narrow = (
        pair_up((true + rng.normal(0, s, ROWS)).tolist(), true.tolist()) for s in (2, 1)
    )
    rows = by_metric(paired_differences(wide, narrow))
    assert {row.verdict for row in rows.values()} == {"better"}
    assert set(rows) == {"mae", "rmse", "r2", "mape"}


@pytest.mark.parametrize("compare", [paired_differences, unpaired_differences])
@pytest.mark.parametrize("kind", ["classes", "scores", "numbers"])
def test_the_same_predictions_are_a_tie(compare, kind):
    rng = np.random.default_rng(3)
    labels = rng.integers(0, 2, ROWS)
    values = {
        "classes": classes(rng, 0.9, labels),
        "scores": scores(rng, labels, 0.2),
        "numbers": (labels + rng.normal(3, 1, ROWS)).tolist(),
    }[kind]
    own = pair_up(values, (labels + 2.5).tolist() if kind == "numbers" else labels.tolist())
    rows = compare(own, own)
    assert rows and {row.verdict for row in rows} == {"not_shown"}
    assert all(row.difference == 0 for row in rows)
    assert all(row.low is None or row.low < 0 < row.high for row in rows)


def test_few_rows_have_no_interval():
    labels = [0, 1] * 40
    wrong, right = pair_up([0] * 80, labels), pair_up(labels, labels)
    assert all(row.low is row.high is None for row in paired_differences(wrong, right))
    assert {row.verdict for row in paired_differences(wrong, right)} == {"not_shown"}


def test_intervals_stay_in_the_range_of_the_metric():
    labels = [0, 1] * 100
    (row,) = paired_differences(pair_up([0] * 200, labels), pair_up(labels, labels), main_only=True)
    assert row.verdict == "better" and -1 <= row.low < row.high <= 1


def test_a_metric_of_one_side_has_no_difference():
    """The current model has scores, the candidate only classes."""
    rng = np.random.default_rng(4)
    labels = rng.integers(0, 2, ROWS)
    scored = pair_up(scores(rng, labels, 0.2), labels.tolist())
    rows = by_metric(
        paired_differences(scored, pair_up(classes(rng, 0.9, labels), labels.tolist()))
    )
    area = rows["roc_auc"]
    assert (area.candidate, area.difference, area.low, area.verdict) == (
        None,
        None,
        None,
        "not_shown",
    )
    assert area.current is not None and rows["accuracy"].difference is not None


def test_different_rows_need_more_of_them():
    """The same two models on different rows: the interval is wider, the truth is inside."""
    rng = np.random.default_rng(5)
    labels = rng.integers(0, 2, 4 * ROWS)
    noise = rng.normal(0, 0.3, 4 * ROWS)
    own = 0.5 + 0.2 * (2 * labels - 1) + noise
    first, second = np.clip(own, 0, 1), np.clip(own + rng.normal(0, 0.05, len(own)), 0, 1)
    half = 2 * ROWS
    paired = paired_differences(
        pair_up(first[:half].tolist(), labels[:half].tolist()),
        pair_up(second[:half].tolist(), labels[:half].tolist()),
    )
    unpaired = unpaired_differences(
        pair_up(first[:half].tolist(), labels[:half].tolist()),
        pair_up(second[half:].tolist(), labels[half:].tolist()),
    )
    for one, other in zip(paired, unpaired, strict=True):
        assert one.metric == other.metric and other.rows == 2 * one.rows
        assert other.high - other.low > 2 * (one.high - one.low)


def test_infinite_and_huge_numbers_do_not_abort():
    """A value that is no measurement is left out; a large one makes the interval wide."""
    labels = [1.5, 2.5, 3.5, 4.5] * 50
    wild = [math.inf, 1e12, 3.0, 4.0] * 50
    rows = paired_differences(pair_up(labels, labels), pair_up(labels, labels))
    assert {row.verdict for row in rows} == {"not_shown"}
    one, two = pair_up([*labels[1:], 2.0], labels), pair_up(wild, labels)
    rows = paired_differences(one.take(two.places), two)
    assert all(row.low is None or math.isfinite(row.low) for row in rows)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["scores", "numbers"])
def test_coins_are_hardly_ever_better_or_worse_at_any_of_30_looks(kind):
    """Predictions are swapped row by row by a coin: at most 5 of 200 runs, over all metrics."""
    wrong = 0
    for seed in range(200):
        rng = np.random.default_rng(seed)
        labels = rng.integers(0, 2, 3000)
        if kind == "numbers":
            true = rng.uniform(5, 15, 3000)
            sides = np.array([true + rng.normal(0, 1, 3000), true + rng.standard_t(3, 3000)])
        else:
            true = labels
            sides = np.array([scores(rng, labels, 0.1), scores(rng, labels, 0.4)])
        coin = rng.integers(0, 2, 3000)
        one, two = sides[coin, np.arange(3000)], sides[1 - coin, np.arange(3000)]
        paired = [pair_up(side.tolist(), true.tolist()) for side in (one, two)]
        wrong += any(
            row.verdict != "not_shown"
            for end in range(100, 3001, 100)
            for row in paired_differences(*(own.take(np.arange(end)) for own in paired))
        )
    assert wrong <= 5
