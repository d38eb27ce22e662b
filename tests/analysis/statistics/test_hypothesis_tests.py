"""Tests on counts: p-values that hold, and changes that are found."""

from __future__ import annotations

import numpy as np

from modeltap.analysis.counting.tally import tally
from modeltap.analysis.model.reference import layout
from modeltap.analysis.references.fit import fit
from modeltap.analysis.statistics import hypothesis_tests

rng = np.random.default_rng(1)


def compare(then, now, name="x"):
    """Return the feature, its reference counts and a window's counts."""
    reference = fit({name: then}, len(then), model="m")
    feature = reference.features[0]
    counted = tally({name: now}, len(now), reference).counts[layout(reference)[name]]
    return feature, np.array(feature.counts[: feature.bins]), counted[: feature.bins]


def test_p_values_are_uniform_enough_without_drift():
    """At level .01 about 1 of 100 windows, at any size; never far more."""
    low = 0
    for n in (100, 1000, 5000):
        for _ in range(60):
            feature, a, b = compare(rng.normal(size=3000), rng.normal(size=n))
            low += hypothesis_tests.p_value(a, b, feature) < 0.01
    assert low <= 8  # of 180; chance gives 1.8, and more than 8 in one of 10,000 tries


def test_contamination_in_the_tail_is_found():
    """5 % at 5 standard deviations, 2,000 rows."""
    now = rng.normal(size=2000)
    now[:100] += 5
    feature, a, b = compare(rng.normal(size=10_000), now)
    assert hypothesis_tests.p_value(a, b, feature) < 1e-6


def test_a_share_that_moved_is_found():
    """From .10 to .15 among five categories."""
    then = rng.choice(list("abcde"), p=[0.1, 0.3, 0.2, 0.25, 0.15], size=10_000).tolist()
    now = rng.choice(list("abcde"), p=[0.15, 0.3, 0.2, 0.25, 0.1], size=2000).tolist()
    feature, a, b = compare(then, now)
    assert hypothesis_tests.p_value(a, b, feature) < 1e-4


def test_a_larger_spread_is_found():
    """Variance a fifth larger, 2,000 rows: Mood's test finds it in most windows."""
    then = rng.normal(size=10_000)
    found = sum(
        hypothesis_tests.p_value(a, b, feature) < 0.0004
        for feature, a, b in (compare(then, rng.normal(0, 1.2**0.5, size=2000)) for _ in range(20))
    )
    assert found >= 8


def test_p_values_hold_where_nearly_all_rows_are_one_value():
    """97 % zeros and 100 rows: the rank tests' limit would say .0004 four times as often."""
    draw = lambda n: np.where(rng.random(n) < 0.97, 0.0, rng.exponential(size=n))  # noqa: E731
    then = draw(5000)
    low = sum(
        hypothesis_tests.p_value(a, b, f) < 0.001
        for f, a, b in (compare(then, draw(100)) for _ in range(200))
    )
    assert low <= 3


def test_chi_square_never_rests_on_a_cell_that_expects_less_than_five():
    """Two rare words together still expect three rows of 100: they join the smallest other."""
    statistic, p = hypothesis_tests.chi2(np.array([9700, 200, 100]), np.array([92, 4, 4]))
    assert (statistic, p) == (0.0, 1.0)
