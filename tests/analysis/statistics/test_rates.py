"""Intervals and tests of rates match SciPy."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest, chi2_contingency

from modeltap.analysis.statistics.rates import clopper_pearson, grew, wilson


@pytest.mark.parametrize(("count", "rows"), [(0, 10), (5, 100), (50, 100), (100, 100), (1, 10**6)])
@pytest.mark.parametrize("confidence", [0.9, 0.95, 0.999])
def test_wilsons_interval_matches_scipy(count, rows, confidence):
    ours = wilson(count, rows, confidence)
    theirs = binomtest(count, rows).proportion_ci(confidence, method="wilson")
    assert ours == pytest.approx((theirs.low, theirs.high), abs=1e-9)


@pytest.mark.parametrize(("count", "rows"), [(0, 10), (5, 5), (5, 100), (99, 100), (1, 10**6)])
@pytest.mark.parametrize("confidence", [0.9, 0.99, 0.999])
def test_the_exact_interval_matches_scipy(count, rows, confidence):
    theirs = binomtest(count, rows).proportion_ci(confidence, method="exact")
    assert clopper_pearson(count, rows, confidence) == pytest.approx(
        (theirs.low, theirs.high), abs=1e-9
    )


def test_without_rows_the_interval_is_everything():
    assert all(wilson(0, n)[0] == 0.0 and wilson(n, n)[1] == 1.0 for n in range(1, 300))
    assert wilson(0, 0) == clopper_pearson(0, 0) == (0.0, 1.0)
    assert grew(0, 0, 1, 2) == grew(1, 2, 0, 0) == grew(0, 5, 0, 5) == grew(5, 5, 5, 5) == 1.0


def test_growth_is_half_of_the_two_sided_test():
    """For two proportions, that is chi-square without a correction."""
    table = np.array([[20, 80], [120, 880]])
    two_sided = chi2_contingency(table, correction=False).pvalue
    assert grew(20, 100, 120, 1000) == pytest.approx(two_sided / 2)


@given(st.integers(0, 500), st.integers(1, 500), st.integers(0, 500), st.integers(1, 500))
def test_p_values_of_both_directions_add_up_to_one(a, b, c, d):
    """A growth in one direction is a decline in the other."""
    a, c = min(a, b), min(c, d)
    forth, back = grew(a, b, c, d), grew(c, d, a, b)
    assert 0 <= forth <= 1
    assert forth == back == 1.0 or forth + back == pytest.approx(1.0)
