"""Slices and groups: chosen by features, disjoint within a column, and bounded in number."""

from __future__ import annotations

import numpy as np
import pytest

from modeltap.analysis.fairness.groupings import Grouping
from modeltap.comparison.compared_segments import MOST_SLICES, group_segments, slice_segments
from modeltap.config.settings import Settings


def names(columns):
    rows = len(next(iter(columns.values())))
    return [own.name for own in slice_segments(columns, rows, Settings())]


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        ([True, False] * 20, ["x = true", "x = false"]),
        ([1, 2, 3] * 20, ["x = 1", "x = 2", "x = 3"]),
        (["a", None] * 20, ["x = a", "x is missing"]),
        ([None] * 40, []),
        (["same"] * 40, []),
    ],
)
def test_few_values_are_a_slice_each(column, expected):
    assert sorted(names({"x": column})) == sorted(expected)


def test_many_numbers_are_four_ranges_that_hold_all_rows():
    numbers = [*np.arange(1000.0).tolist(), None]
    segments = slice_segments({"x": numbers}, 1001, Settings())
    inside = np.array([own.is_inside for own in segments])
    assert len(segments) == 5 and (inside.sum(axis=0) == 1).all()
    assert all(200 < count < 300 for count in inside.sum(axis=1)[:4])


def test_categories_are_limited_to_the_most_frequent():
    column = [name for count, name in enumerate("abcdefghij", 1) for _ in range(count * 5)]
    assert names({"x": column}) == [f"x = {name}" for name in "jihgfe"]


def test_slices_are_limited():
    rng = np.random.default_rng(1)
    columns = {f"x{n}": rng.integers(0, 3, 50).tolist() for n in range(60)}
    assert len(names(columns)) == MOST_SLICES


def test_groups_without_a_reason_are_segments():
    sex = Grouping("sex", ("sex=F", "sex=M"), np.array([0, 1, -1]), 30)
    none = Grouping("race", (), np.array([-1, -1, -1]), 30, problem="no row has a value")
    segments = group_segments([sex, none])
    assert [(own.name, own.is_inside.tolist()) for own in segments] == [
        ("sex=F", [True, False, False]),
        ("sex=M", [False, True, False]),
    ]
