"""Intervals of group rates that hold for all groups at once."""

from __future__ import annotations

import numpy as np
import pytest

from modeltap.analysis.fairness.group_rates import RateValues, by_group, of_count
from modeltap.analysis.fairness.groupings import Grouping, with_intersections
from modeltap.analysis.fairness.simultaneous import critical_value, rate_interval
from modeltap.analysis.model.moments import moments
from modeltap.analysis.statistics.rates import clopper_pearson


def groupings_of(rng, n, groups=5):
    singles = [
        Grouping(name, tuple(f"{name}={k}" for k in range(groups)), rng.integers(0, groups, n), 2)
        for name in ("a", "b")
    ]
    return with_intersections(singles)


def values_of(values):
    return RateValues(values, np.ones(len(values), dtype=bool))


def all_of(groupings):
    return [np.arange(len(grouping.segments)) for grouping in groupings]


def test_one_group_has_the_interval_of_a_single_rate():
    rng = np.random.default_rng(0)
    only = Grouping("a", ("a=0",), np.zeros(200, dtype=int), 2)
    values = values_of((rng.random(200) < 0.3).astype(float))
    critical = critical_value(values, [only], all_of([only]))
    assert critical == pytest.approx(1.96, abs=0.06)
    exact = clopper_pearson(60, 200, confidence=0.95)
    assert rate_interval(of_count(60, 200), 1.959964, binary=True) == pytest.approx(exact)
    assert critical_value(values, [only], [np.arange(0)]) == pytest.approx(1.96, abs=0.001)


def test_more_groups_have_wider_intervals_and_equal_groups_do_not():
    """Two names of the same rows cost nothing; thirty-five groups less than as many tests."""
    rng = np.random.default_rng(1)
    groupings = groupings_of(rng, 4000)
    values = values_of((rng.random(4000) < 0.3).astype(float))
    first = groupings[0]
    single = critical_value(values, [first], all_of([first]))
    assert critical_value(values, [first, first], all_of([first, first])) == pytest.approx(
        single, abs=0.05
    )
    assert single < critical_value(values, groupings, all_of(groupings)) < 3.19  # Bonferroni


@pytest.mark.slow
@pytest.mark.parametrize(("rows", "rate"), [(1500, 0.3), (1500, 0.05), (6000, 0.1)])
def test_all_intervals_hold_at_once_in_at_least_94_of_100_windows(rows, rate):
    rng = np.random.default_rng(2)
    held = 0
    for _ in range(1000):
        groupings = groupings_of(rng, rows)
        values = values_of((rng.random(rows) < rate).astype(float))
        compared = [np.flatnonzero(grouping.sizes >= 30) for grouping in groupings]
        critical = critical_value(values, groupings, compared)
        ends = [
            rate_interval(by_group(values, grouping)[place], critical, binary=True)
            for grouping, places in zip(groupings, compared, strict=True)
            for place in places
        ]
        held += all(low <= rate <= high for low, high in ends)
    assert held >= 940


def test_rates_of_0_and_1_have_intervals():
    """A group without a selected row is not known to have a rate of 0."""
    low, high = rate_interval(of_count(0, 30), 2.5, binary=True)
    assert low == 0 and 0.1 < high < 0.3
    grouping = Grouping("a", ("a=0", "a=1"), np.repeat([0, 1], 50), 2)
    values = values_of(np.repeat([0.0, 1.0], 50))
    assert 1.95 < critical_value(values, [grouping], all_of([grouping])) < 2.4


def test_a_mean_has_a_wider_interval_in_few_rows():
    sample = moments(np.random.default_rng(3).exponential(size=30))
    low, high = rate_interval(sample, 1.959964, binary=False)
    assert low < sample.mean < high
    assert high - low > 2 * 1.959964 * (sample.second / 29) ** 0.5
