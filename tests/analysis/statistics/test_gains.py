"""The bin that gained most."""

from __future__ import annotations

import numpy as np
import pytest

from modeltap.analysis.statistics.gains import NOTHING, gained_most


def test_the_bin_that_gained_has_both_fractions():
    then, now = np.full(100, 20), np.full(100, 9)
    now[37] += 100
    gained = gained_most(then, now)
    assert (gained.place, gained.before, gained.now) == (37, 0.01, 0.109)
    assert gained.gain == pytest.approx(0.099) and gained.p_value < 1e-12


def test_a_fraction_that_less_than_doubled_is_not_a_new_value():
    gained = gained_most(np.array([600, 400]), np.array([700, 300]))
    assert gained.p_value < 1e-3 and gained.gain == 0.0


def test_without_rows_nothing_gained():
    assert gained_most(np.zeros(4), np.ones(4)) == gained_most(np.ones(4), np.zeros(4)) == NOTHING


@pytest.mark.parametrize("rows", [100, 1000])
def test_p_values_of_equal_sources_are_not_too_small(rows):
    """At most .05; the correction for the number of bins makes them conservative."""
    rng = np.random.default_rng(rows)
    shares = np.full(128, 1 / 128)
    small = sum(
        gained_most(rng.multinomial(2000, shares), rng.multinomial(rows, shares)).p_value < 0.05
        for _ in range(400)
    )
    assert small <= 30
