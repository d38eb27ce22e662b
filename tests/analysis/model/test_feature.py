"""A feature's bins, the positions of edges, and plain Python values."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modeltap.analysis.model.feature import (
    SPECIAL,
    Feature,
    as_boolean,
    as_category,
    is_missing,
    plain,
    rows_of,
)


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=20, unique=True), st.data())
def test_bins_below_and_above_an_edge_hold_the_values_on_that_side(edges, data):
    ordered = sorted(edges)
    feature = Feature(name="x", kind="numeric", edges=tuple(ordered), counts=(0,) * 99)
    edge = data.draw(st.sampled_from(ordered))
    values = np.array([np.nextafter(edge, -np.inf), edge])
    bins = np.searchsorted(np.array(ordered), values, "right")
    assert bins[0] < feature.below(edge) == bins[1]


def test_the_special_bins_do_not_count_as_bins():
    feature = Feature(name="c", kind="categorical", vocabulary=("a",), counts=(5, 1, 2, 3, 4))
    assert feature.bins == 2 == len(feature.counts) - len(SPECIAL) and feature.is_tested
    assert not Feature(name="t", kind="text", counts=(0,) * 3).is_tested


def test_a_text_counts_once_for_all_of_its_words():
    words = Feature(name="t.words", kind="words", counts=(0,) * 6)
    numbers = Feature(name="x", kind="numeric", counts=(0,) * 6)
    assert rows_of(words, np.array([3, 2, 3])) == 3
    assert rows_of(numbers, np.array([3, 2, 3])) == 8


@pytest.mark.parametrize("value", [None, math.nan, np.float32("nan")])
def test_missing_is_none_or_nan_of_any_type(value):
    assert is_missing(plain([value])[0])
    assert not is_missing(0) and not is_missing("")


def test_columns_of_any_kind_become_plain_python_values():
    result = plain(np.array([1, 2], dtype=np.int32))
    assert [type(item) for item in result] == [int, int]
    mixed = plain([np.float64(1.5), np.str_("a"), np.bool_(True), None])
    assert list(mixed) == [1.5, "a", True, None]
    assert [type(item) for item in mixed] == [float, str, bool, type(None)]


@pytest.mark.parametrize("value", ["true", "True", True, "false", False])
def test_booleans_are_read_from_texts(value):
    assert as_boolean(value) == str(value).lower()
    assert as_boolean("maybe") is None


def test_categories_of_booleans_are_those_of_the_vocabulary():
    assert (as_category(True), as_category(False), as_category("x")) == ("true", "false", "x")
