"""Confusion matrices: scores match scikit-learn, p-values match permutation tests."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom, binomtest, permutation_test
from sklearn.metrics import accuracy_score, cohen_kappa_score, f1_score

from modeltap.analysis.statistics.confusion import (
    accuracy,
    binomial_lower_tail,
    class_pairs,
    f1_fell,
    f1_macro,
    guessed,
    kappa,
    lost_class,
    minority_fractions,
)

CLASSES = st.lists(st.tuples(st.sampled_from("abcd"), st.sampled_from("abcd")), min_size=1)


@given(CLASSES)
def test_scores_match_scikit_learn(rows):
    predicted, true = zip(*rows, strict=True)
    pairs = class_pairs(predicted, true)
    assert accuracy(pairs) == pytest.approx(accuracy_score(true, predicted))
    assert f1_macro(pairs) == pytest.approx(f1_score(true, predicted, average="macro"))
    if len(set(predicted)) > 1 and len(set(true)) > 1:
        assert kappa(pairs)[0] == pytest.approx(cohen_kappa_score(true, predicted))
    else:
        assert kappa(pairs) == (1.0, 1.0)


def test_without_rows_scores_are_zero():
    assert accuracy({}) == f1_macro({}) == guessed({}) == 0.0
    assert kappa({}) == (1.0, 1.0) and binomial_lower_tail(0, 0, 0.5) == 1.0
    assert class_pairs([None, float("nan"), "a"], ["a", "a", None]) == {}


def test_spellings_of_a_class_are_equal():
    assert class_pairs([1, "1", 1.0, True], ["1", 1, 1, "True"]) == {
        ("1", "1"): 3,
        ("true", "true"): 1,
    }


def draw(rng, n, right=0.9, share=0.2):
    true = rng.random(n) < share
    return class_pairs(np.where(rng.random(n) < right, true, ~true).tolist(), true.tolist())


def rows_of(pairs):
    return [pair for pair, count in sorted(pairs.items()) for _ in range(count)]


@pytest.mark.parametrize("right", [0.9, 0.85, 0.8])
def test_the_p_value_matches_scipys_permutation_test(right):
    """With 3,000 permutations, within their error."""
    rng = np.random.default_rng(4)
    before, now = draw(rng, 500), draw(rng, 150, right)
    first, second = rows_of(before), rows_of(now)
    codes = {pair: number for number, pair in enumerate(sorted({*first, *second}))}
    names = {number: pair for pair, number in codes.items()}

    def fall(a, b):
        return f1_macro(Counter(names[n] for n in a)) - f1_macro(Counter(names[n] for n in b))

    exact = permutation_test(
        ([codes[one] for one in first], [codes[one] for one in second]),
        fall,
        n_resamples=3000,
        alternative="greater",
        rng=np.random.default_rng(5),
    ).pvalue
    assert f1_fell(before, now) == pytest.approx(exact, abs=5 * np.sqrt(exact / 3000) + 0.003)


@pytest.mark.slow
@pytest.mark.parametrize("share", [0.02, 0.2, 0.5])
@pytest.mark.parametrize("n", [100, 500])
def test_the_permutation_test_holds_its_level(n, share):
    """At .01 in 400 windows, by an exact one-sided test at .001."""
    rng = np.random.default_rng(n)
    low = sum(
        f1_fell(draw(rng, 2000, share=share), draw(rng, n, share=share)) < 0.01 for _ in range(400)
    )
    assert binomtest(low, 400, 0.01, alternative="greater").pvalue > 0.001


def test_p_values_beyond_all_draws_are_extrapolated():
    """A lost class has a p-value far below one in ten thousand."""
    rng = np.random.default_rng(6)
    lost = class_pairs([False] * 1000, (rng.random(1000) < 0.2).tolist())
    assert 0 < f1_fell(draw(rng, 2000), lost) < 1e-6


@settings(max_examples=30)
@given(st.integers(0, 60), st.integers(1, 60), st.floats(0.01, 0.99))
def test_the_lower_tail_is_that_of_the_binomial_distribution(right, rows, rate):
    right = min(right, rows)
    assert binomial_lower_tail(right, rows, rate) == pytest.approx(binom.cdf(right, rows, rate))


@pytest.mark.parametrize("n", [200, 2000])
def test_kappas_upper_end_is_above_the_true_one_in_99_of_100_windows(n):
    rng = np.random.default_rng(n)
    true = kappa(draw(rng, 400_000, right=0.6, share=0.5))[0]
    below = sum(kappa(draw(rng, n, right=0.6, share=0.5))[1] < true for _ in range(1000))
    assert binomtest(below, 1000, 0.01, alternative="greater").pvalue > 0.001


def test_a_class_that_is_no_longer_predicted_is_named():
    before = {("no", "no"): 90, ("yes", "yes"): 8, ("maybe", "no"): 2}
    assert lost_class(before, {("no", "no"): 90, ("no", "yes"): 10}) == "yes"
    assert lost_class(before, {("no", "no"): 90, ("yes", "no"): 10}) is None
    assert lost_class(before, before) is None


def test_minority_fractions_exclude_the_most_common_class():
    pairs = {("a", "a"): 6, ("a", "b"): 2, ("b", "a"): 2}
    assert minority_fractions(pairs) == pytest.approx((0.2, 0.2))
