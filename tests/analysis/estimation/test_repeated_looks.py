"""A test that is repeated while a sample grows keeps its level, and nearly its power."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import ndtr

from modeltap.analysis.estimation.repeated_looks import (
    information,
    level_of_look,
    over_all_looks,
)


@pytest.mark.parametrize("level", [0.2, 0.05])
def test_two_hundred_looks_keep_the_level(level):
    rng = np.random.default_rng(0)
    sums = np.cumsum(rng.normal(size=(4000, 200)), axis=1)
    fractions = np.arange(1, 201) / 200
    p_values = ndtr(-sums / np.sqrt(200 * fractions))
    limits = np.array([level_of_look(level, fraction) for fraction in fractions])
    alarms = (p_values < limits).any(axis=1).mean()
    assert alarms <= level + 3 * np.sqrt(level * (1 - level) / 4000)
    assert alarms > 0.8 * level  # the budget is used
    assert (p_values < level).any(axis=1).mean() > 2 * level  # without it


def test_the_level_and_the_p_value_agree():
    for fraction in (0.01, 0.3, 1.0):
        for p_value in (1e-12, 1e-4, 0.003, 0.4):
            alarms = p_value < level_of_look(0.01, fraction)
            assert alarms == (over_all_looks(p_value, fraction) < 0.01)


@pytest.mark.parametrize("p_value", [0.0, 1e-300, 0.5, 1.0])
def test_extreme_p_values_remain_p_values(p_value):
    for fraction in (1e-6, 0.5, 1.0):
        assert p_value <= over_all_looks(p_value, fraction) <= 1.0 or p_value == 1.0


def test_more_labels_than_expected_are_all_information():
    assert information(600, 500, 2000) == 1.0
    assert information(0, 0, 0) == 1.0
    assert 0 < information(1, 10**9, 10**9) < 1e-5
