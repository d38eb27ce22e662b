"""A batch's columns as a reference's values: typed, with declared codes missing."""

from __future__ import annotations

import math

import numpy as np
import pytest

from modeltap.analysis.counting.columns import Values
from modeltap.analysis.model.feature import Feature
from modeltap.analysis.references.fit import fit
from modeltap.config.settings import FeatureSettings


def values(column, **options):
    feature = Feature(name="f", counts=(0,) * 9, **options)
    return feature, Values({"f": column}, len(column), {"f": feature})


def numbers(column, **options):
    feature, made = values(column, kind="numeric", **options)
    return made.numbers(feature, column)


def categories(column, **options):
    feature, made = values(column, **{"kind": "categorical", **options})
    return list(made.categories(feature, column))


@pytest.mark.parametrize(
    ("column", "wrong"),
    [
        ([1, 2.5, None], 0),
        ([1, "2", True, [3], None], 3),
        ([10**400, -(10**400)], 0),
        (np.array([1.0, np.nan]), 0),
        (np.array([1, 2], dtype=np.int8), 0),
        ([], 0),
    ],
)
def test_values_of_another_type_are_counted(column, wrong):
    result, mismatches = numbers(column)
    assert result.dtype == np.float64 and len(result) == len(column) and mismatches == wrong
    missing = sum(value is None or value != value for value in column)
    assert np.isnan(result).sum() == wrong + missing


def test_declared_codes_are_missing_instead_of_mismatches():
    result, wrong = numbers([1, -999, "n/a", "x"], missing_values=(-999, "n/a"))
    assert wrong == 1 and np.isnan(result).tolist() == [False, True, True, True]
    assert categories(["a", "n/a", "-9"], missing_values=(-9, "n/a")) == ["a", None, None]


def test_true_is_not_one_and_one_is_a_category_only_if_codes_are():
    assert categories([True, 1, "1", None, math.nan, 1.5]) == ["true", 0, "1", None, None, 0]
    assert categories([True, 1, "1"], whole=True) == ["true", "1", "1"]
    assert categories([1, 0, "true", "x"], kind="boolean") == [0, 0, "true", 0]
    assert categories([1, 0, 2], kind="boolean", whole=True) == ["true", "false", 0]


def test_a_measure_is_taken_of_its_column():
    text = Feature(name="t", kind="text", counts=(0,) * 3)
    length = Feature(name="t.length", kind="numeric", of="t", measure="length", counts=(0,) * 9)
    made = Values({"t": ["ab", None, 3]}, 3, {"t": text, "t.length": length})
    column = made.column(length)
    result, wrong = made.numbers(length, column)
    assert result[0] == 2 and np.isnan(result[1:]).all() and wrong == 0
    assert made.column(Feature(name="gone", kind="numeric", counts=())) is None


@pytest.mark.parametrize("written", [1, 1.0, "1"])
@pytest.mark.parametrize("learnt", [1, 1.0, "1"])
def test_spellings_of_a_code_are_one_category(learnt, written):
    """As a whole number, with a point, or as text: JavaScript and Python write them differently."""
    declared = {"c": FeatureSettings(type="categorical", missing_values=(9,))}
    columns = {"c": [learnt, 2, 9, 9.0] * 5}
    reference = fit(columns, 20, model="m", declared=declared)
    feature = reference.by_name["c"]
    assert feature.vocabulary == ("1", "2")
    result = Values({"c": [written, 9.0]}, 2, reference.by_name).categories(feature, [written, 9.0])
    assert list(result) == ["1", None]
