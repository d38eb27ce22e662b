"""Descriptions of values: single kinds, lists, and mixtures."""

from __future__ import annotations

import pytest

from modeltap.analysis.inference.column_values import describe


@pytest.mark.parametrize(
    ("values", "words", "kind"),
    [
        (["12.50", "9", "-3e4"], "texts that look like numbers", "numeric"),
        (["1.234,50", "12 %", "7"], "texts that look like numbers", "numeric"),
        (["a", "b"], "texts", "text"),
        ([[{"a": 1}], []], "lists of objects", None),
        ([["a"], ["b", "c"]], "lists of texts", None),
        ([[1, 2], [1]], "lists of numbers of different lengths", None),
        ([[1, "a"]], "lists of values of several types", None),
        ([[]], "empty lists", None),
        ([{"a": 1}], "objects", None),
        ([1, 2.5, 3, 4, "x"], "values of several types: 80 % numbers, 20 % texts", "numeric"),
        ([1, [2]], "values of several types: 50 % numbers, 50 % lists", None),
    ],
)
def test_values_are_described(values, words, kind):
    assert describe([None, *values]) == (words, kind)


def test_missing_values_have_no_description():
    assert describe([None, None]) is None
