"""Hypothesis tests on counts: valid p-values and sufficient power."""

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


def test_p_values_are_valid_without_drift():
    """At the level .01 about 1 in 100 windows is significant, at any size."""
    low = 0
    for n in (100, 1000, 5000):
        for _ in range(60):
            feature, a, b = compare(rng.normal(size=3000), rng.normal(size=n))
            low += hypothesis_tests.p_value(a, b, feature) < 0.01
    assert low <= 8  # of 180; 1.8 are expected, and more than 8 occur in one of 10,000 runs


def test_contamination_in_the_tail_is_detected():
    """5 % of 2,000 rows at 5 standard deviations."""
    now = rng.normal(size=2000)
    now[:100] += 5
    feature, a, b = compare(rng.normal(size=10_000), now)
    assert hypothesis_tests.p_value(a, b, feature) < 1e-6


def test_a_changed_fraction_is_detected():
    """From .10 to .15 among five categories."""
    then = rng.choice(list("abcde"), p=[0.1, 0.3, 0.2, 0.25, 0.15], size=10_000).tolist()
    now = rng.choice(list("abcde"), p=[0.15, 0.3, 0.2, 0.25, 0.1], size=2000).tolist()
    feature, a, b = compare(then, now)
    assert hypothesis_tests.p_value(a, b, feature) < 1e-4


def test_a_larger_spread_is_detected():
    """With a variance larger by a fifth in 2,000 rows, Mood's test is mostly significant."""
    then = rng.normal(size=10_000)
    significant = sum(
        hypothesis_tests.p_value(a, b, feature) < 0.0004
        for feature, a, b in (compare(then, rng.normal(0, 1.2**0.5, size=2000)) for _ in range(20))
    )
    assert significant >= 8


def test_p_values_are_valid_if_most_rows_have_one_value():
    """With 97 % zeros in 100 rows, rank tests would yield .0004 four times too often."""
    draw = lambda n: np.where(rng.random(n) < 0.97, 0.0, rng.exponential(size=n))  # noqa: E731
    then = draw(5000)
    low = sum(
        hypothesis_tests.p_value(a, b, f) < 0.001
        for f, a, b in (compare(then, draw(100)) for _ in range(200))
    )
    assert low <= 3


def test_chi_square_cells_expect_at_least_five_rows():
    """Two rare categories together expect three of 100 rows and are pooled with another one."""
    statistic, p = hypothesis_tests.chi2(np.array([9700, 200, 100]), np.array([92, 4, 4]))
    assert (statistic, p) == (0.0, 1.0)
