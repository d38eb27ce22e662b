"""Vectors of numbers, and the mean direction of many."""

from __future__ import annotations

import math

import numpy as np
import pytest

from modeltap.analysis.model.vectors import mean_direction, vector


@pytest.mark.parametrize(
    "value",
    [
        [1.0],
        [1.0, 2.0, 3.0],
        [1.0, "2"],
        [1.0, True],
        [1.0, math.nan],
        [1.0, math.inf],
        [1.0, 10**400],
        [1.0, 1e200],
        (1.0, 2.0),
        "ab",
        None,
        [[1.0], [2.0]],
    ],
)
def test_other_values_than_vectors_of_two_are_none(value):
    assert vector(value, 2) is None


def test_whole_numbers_are_numbers():
    assert vector([1, 2.5], 2).tolist() == [1.0, 2.5]
    assert vector([], 0).tolist() == []


def test_the_mean_direction_has_length_one_at_any_scale():
    rng = np.random.default_rng(0)
    vectors = rng.normal([5, 0, 0], size=(50, 3)).tolist()
    mean = mean_direction(vectors)
    assert np.linalg.norm(mean) == pytest.approx(1) and mean[0] > 0.9
    scaled = mean_direction([[1000 * x for x in numbers] for numbers in vectors])
    assert scaled == pytest.approx(mean)
    assert mean_direction([[1.0, 0.0], [-1.0, 0.0]]) == (0.0, 0.0)


@pytest.mark.parametrize(
    "values",
    [
        [],
        ["a"],
        [[1.0]] * 9,
        [[1.0, 2.0]] * 8 + [None] * 2,
        [[1.0, "x"]] * 9,
        [[1.0, 2.0]] * 5 + [[1.0, 2.0, 3.0]] * 5,
    ],
)
def test_a_column_without_vectors_of_one_length_has_none(values):
    assert mean_direction(values) == ()


def test_a_tenth_may_be_something_else():
    assert mean_direction([[3.0, 4.0]] * 9 + ["x"]) == pytest.approx((0.6, 0.8))
