"""The test that a gap has widened: exact for small counts, silent without a change."""

from __future__ import annotations

from itertools import product
from math import comb

import numpy as np
import pytest

from modeltap.analysis.fairness.group_rates import of_count
from modeltap.analysis.fairness.widened import RateChange, means_widened, rates_widened
from modeltap.analysis.model.moments import moments


def change(now, rows, before, before_rows):
    return RateChange(of_count(now, rows), of_count(before, before_rows) if before_rows else None)


def by_hand(high, low):
    """Return the p-value by a loop over all pairs of counts."""

    def chances(own):
        n, k = own.now.rows, round(own.now.mean * own.now.rows)
        m, j = own.before.rows, round(own.before.mean * own.before.rows)
        ones = k + j
        return {
            c: comb(n, c) * comb(m, ones - c) / comb(n + m, ones)
            for c in range(max(0, ones - m), min(n, ones) + 1)
        }

    gap = high.now.mean - low.now.mean
    return sum(
        p * q
        for (a, p), (b, q) in product(chances(high).items(), chances(low).items())
        if a / high.now.rows - b / low.now.rows >= gap - 1e-9
    )


@pytest.mark.parametrize("seed", range(20))
def test_small_counts_have_the_exact_p_value(seed):
    """At least: the p-value is the larger one of two tests."""
    rng = np.random.default_rng(seed)
    high, low = (
        change(rng.binomial(n, 0.4), n, rng.binomial(m, 0.4), m)
        for n, m in rng.integers(3, 25, (2, 2)).tolist()
    )
    exact = by_hand(high, low)
    assert rates_widened(high, low) >= exact - 1e-9
    assert np.dot(high.counts.probabilities, np.ones(len(high.counts.probabilities))) == (
        pytest.approx(1.0)
    )
    # With a wide gap the exact test decides.
    far = change(20, 20, 2, 20), change(0, 20, 1, 20)
    assert rates_widened(*far) == pytest.approx(by_hand(*far), rel=0.5, abs=1e-9)


def test_false_alarms_are_at_most_the_level():
    rng = np.random.default_rng(0)
    p_values = []
    for _ in range(2000):
        high, low = (
            change(rng.binomial(n, rate), n, rng.binomial(m, rate), m)
            for n, m, rate in ((40, 300, 0.1), (200, 900, 0.3))
        )
        p_values.append(rates_widened(high, low))
    for level in (0.05, 0.01):
        assert np.mean(np.array(p_values) < level) <= 1.3 * level


def test_a_change_of_all_groups_alike_is_no_wider_gap():
    """Both rates double from .1 and .2; their difference test keeps its level at .1 each."""
    rng = np.random.default_rng(1)
    p_values = [
        rates_widened(
            change(rng.binomial(500, 0.4), 500, rng.binomial(2000, 0.2), 2000),
            change(rng.binomial(500, 0.3), 500, rng.binomial(2000, 0.1), 2000),
        )
        for _ in range(2000)
    ]
    assert np.mean(np.array(p_values) < 0.01) <= 0.015


def test_an_unseen_group_does_not_widen_a_gap_alone():
    unseen = change(40, 50, 0, 0)
    assert rates_widened(unseen, change(100, 1000, 400, 4000)) > 0.3
    assert rates_widened(unseen, unseen) == 1.0
    assert rates_widened(unseen, change(20, 1000, 400, 4000)) < 1e-6


def test_one_class_only_is_not_a_change():
    assert rates_widened(change(0, 50, 0, 500), change(0, 50, 0, 500)) > 0.4
    assert rates_widened(change(50, 50, 500, 500), change(0, 50, 0, 500)) > 0.4


def test_means_by_permutation_keep_their_level_and_find_a_change():
    rng = np.random.default_rng(2)

    def p_value(factor):
        high, low = (
            RateChange(moments(rng.exponential(f, 150)), moments(rng.exponential(1.0, 1500)))
            for f in (factor, 1.0)
        )
        return means_widened(high, low)

    p_values = np.array([p_value(1.0) for _ in range(2000)])
    assert np.mean(p_values < 0.01) <= 0.018
    assert p_value(1.8) < 1e-4
    assert (
        means_widened(RateChange(moments(np.ones(3)), None), RateChange(moments(np.ones(3)), None))
        == 1
    )
