"""Scores of two classes: values match scikit-learn, and tests hold their level."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.stats import mannwhitneyu
from sklearn.metrics import average_precision_score, brier_score_loss, log_loss, roc_auc_score

from modeltap.analysis.model.moments import RocArea
from modeltap.analysis.statistics.scores import (
    area_fell,
    average_precision,
    log_losses,
    ranks_reversed,
    roc_area,
    squared_gaps,
)

ROWS = st.lists(
    st.tuples(st.sampled_from([0.0, 0.1, 0.25, 0.5, 0.9, 1.0]) | st.floats(0, 1), st.booleans()),
    min_size=2,
)


def columns(rows):
    scores, positive = zip(*rows, strict=True)
    return np.array(scores), np.array(positive)


@given(ROWS)
def test_values_match_scikit_learn(rows):
    scores, positive = columns(rows)
    assert squared_gaps(scores, positive).mean() == pytest.approx(
        brier_score_loss(positive, scores, pos_label=True)
    )
    assert log_losses(scores, positive).mean() == pytest.approx(
        log_loss(positive, scores, labels=[False, True])
    )
    assume(len(set(positive.tolist())) == 2)
    assert roc_area(scores, positive).value == pytest.approx(roc_auc_score(positive, scores))


@pytest.mark.parametrize("class_", [True, False])
def test_a_single_class_has_no_area(class_):
    assert roc_area(np.array([0.1, 0.9]), np.array([class_, class_])) is None


@given(ROWS)
def test_reversed_scores_have_the_complementary_area(rows):
    scores, positive = columns(rows)
    assume(len(set(positive.tolist())) == 2)
    one, other = roc_area(scores, positive), roc_area(-scores, positive)
    assert one.value + other.value == pytest.approx(1)
    assert one.variance == pytest.approx(other.variance) and one.variance > 0


def draw(rng, n, gap=1.5, fraction=0.3):
    positive = rng.random(n) < fraction
    return 1 / (1 + np.exp(-rng.normal(gap * (positive - 0.5), 1))), positive


def test_the_variance_matches_repeated_draws():
    rng = np.random.default_rng(3)
    areas = [roc_area(*draw(rng, 300)) for _ in range(1500)]
    seen = np.var([area.value for area in areas])
    assert np.mean([area.variance for area in areas]) == pytest.approx(seen, rel=0.12)


def test_a_fall_is_significant_and_chance_is_not():
    rng = np.random.default_rng(5)
    before = roc_area(*draw(rng, 2000))
    same = [area_fell(before, roc_area(*draw(rng, 300))) for _ in range(500)]
    assert np.mean(np.array(same) < 0.05) < 0.12
    assert area_fell(before, roc_area(*draw(rng, 300, gap=0.3))) < 1e-4


def test_reversal_matches_the_mann_whitney_test():
    scores, positive = draw(np.random.default_rng(7), 400, gap=-0.2)
    expected = mannwhitneyu(
        scores[positive],
        scores[~positive],
        alternative="less",
        method="asymptotic",
        use_continuity=False,
    )
    assert ranks_reversed(roc_area(scores, positive)) == pytest.approx(expected.pvalue)


def test_perfect_areas_compare_without_a_division_by_zero():
    perfect, reversed_ = (RocArea(value, 1e-6, 40, 60) for value in (1.0, 0.0))
    assert area_fell(perfect, perfect) == 0.5
    assert math.isfinite(area_fell(perfect, reversed_)) and area_fell(perfect, reversed_) < 1e-9


@pytest.mark.parametrize("seed", range(20))
def test_average_precision_equals_scikit_learn(seed):
    rng = np.random.default_rng(seed)
    rows = int(rng.integers(2, 400))
    scores = rng.uniform(size=rows).round(int(rng.integers(1, 4)))  # with ties
    positive = rng.uniform(size=rows) < scores
    positive[0] = True
    own = average_precision(scores, positive)
    assert own.value == pytest.approx(average_precision_score(positive, scores))
    assert 0 <= own.low <= own.value <= own.high <= 1


@pytest.mark.parametrize("share", [0.5, 0.05])
def test_the_interval_of_average_precision_holds_the_truth(share):
    """200 windows: .89 is four standard errors below .95."""
    rng = np.random.default_rng(0)

    def draw(rows):
        odds = rng.normal(np.log(share / (1 - share)), 1.5, rows)
        scores = 1 / (1 + np.exp(-odds))
        return scores, rng.uniform(size=rows) < scores

    scores, positive = draw(500_000)
    truth = average_precision_score(positive, scores)
    held = [
        own.low <= truth <= own.high for own in (average_precision(*draw(500)) for _ in range(200))
    ]
    assert np.mean(held) >= 0.89


def test_average_precision_of_one_class():
    scores = np.array([0.2, 0.4])
    assert average_precision(scores, np.array([False, False])) is None
    assert average_precision(scores, np.array([True, True])).value == 1.0
