"""Lists of values, read like single ones."""

from __future__ import annotations

import math

import numpy as np
import pytest

from modeltap.analysis.inference.value_lists import all_known, are_numbers, numbers_of
from modeltap.analysis.model.baseline import is_unknown, number_of
from modeltap.analysis.statistics.confusion import class_name, class_names

LISTS = [
    [],
    [1, 2.5, -3],
    [1, 10**400],
    [1, "2.5", None, True, [1], "1_000"],
    [1.5, math.nan],
    [np.float64(1.5), np.float64("nan")],
    ["a", "b", "a"],
    [True, 1, 1.0, "1", "1.0", "007", " True"],
    [{"a": 1}, [1]],
    [1, None],
]


@pytest.mark.parametrize("values", LISTS)
def test_lists_are_read_as_their_values_are(values):
    single = [number_of(value) for value in values]
    assert np.array_equal(numbers_of(values), np.array(single, dtype=float), equal_nan=True)
    assert all_known(values) is not any(map(is_unknown, values))
    assert class_names(values) == [class_name(value) for value in values]


def test_only_plain_numbers_are_numbers():
    assert are_numbers([1, 2.5]) and not are_numbers([1, True]) and not are_numbers([None])
