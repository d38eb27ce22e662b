"""Columns in bins: each condition's text selects exactly the rows of its bins."""

from __future__ import annotations

import re

import numpy as np
import pytest

from modeltap.analysis.slices.slice_columns import in_bins
from modeltap.config import sources
from modeltap.config.settings import Settings


def binned(columns, **options):
    rows = len(next(iter(columns.values())))
    settings = sources.load(options, environ={}) if options else Settings()
    return in_bins(columns, rows, settings)


def texts(columns, **options):
    (column,) = binned(columns, **options).columns
    return [str(condition) for condition in column.conditions]


def meets(text, value):
    """Return whether a number meets a condition such as `x >= 2 and < 5`."""
    if text.endswith("is missing"):
        return value is None
    if value is None:
        return False
    parts = re.findall(r"(>=|<=|<|=) (\S+)", text)
    compare = {
        ">=": lambda a, b: a >= b,
        "<=": lambda a, b: a <= b,
        "<": lambda a, b: a < b,
        "=": lambda a, b: a == b,
    }
    return all(compare[sign](value, float(limit)) for sign, limit in parts)


@pytest.mark.parametrize("scale", [1e-4, 1.0, 1e7])
def test_each_range_has_the_rows_that_its_text_describes(scale):
    """With limits that are rounded, and with missing values."""
    numbers = (np.random.default_rng(1).lognormal(0, 1, 500) * scale).tolist()
    numbers[::50] = [None] * 10
    (column,) = binned({"x": numbers}).columns
    assert len(column.conditions) == 136  # all ranges of 16 bins but the whole, and missing
    for condition, span in zip(column.conditions, column.spans, strict=True):
        inside = [span[code] > 0 for code in column.codes]
        assert inside == [meets(str(condition), value) for value in numbers], condition


def test_few_numbers_have_a_bin_each():
    shown = texts({"x": [1, 2, 3] * 9})
    assert shown == ["x = 1", "x <= 2", "x = 2", "x >= 2", "x = 3"]


def test_categories_booleans_and_missing_values():
    assert texts({"c": ["a", "b b", None] * 9}) == ["c = a", "c = 'b b'", "c is missing"]
    assert texts({"b": [True, False, False] * 9}) == ["b = false", "b = true"]


def test_rare_categories_share_a_bin_without_a_condition():
    values = [f"v{n}" for n in range(40) for _ in range(40 - n)]
    (column,) = binned({"c": values}).columns
    assert len(column.conditions) == 30 and column.bins == 31


def test_times_are_written_as_times():
    values = [f"2024-05-{day:02d}T{hour:02d}:00:00Z" for day in range(1, 21) for hour in range(24)]
    shown = texts({"at": values})
    assert "at < 2024-05-03" in shown or "at < 2024-05-02 06:00" in shown
    assert all(re.search(r"2024-05-\d\d", text) for text in shown)


def test_declared_codes_are_missing_values():
    assert "x is missing" in texts({"x": [-999, 1, 2] * 9}, missing_values=[-999])


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        (["a"] * 30, "a single value"),
        ([None] * 30, "no values"),
        (["[masked]"] * 30, "masked in all rows"),
        ([f"row {n} of many" for n in range(300)], "texts"),
        ([f"{n:032x}" for n in range(300)], "ids, or texts that are mostly distinct"),
        ([{"a": 1}] * 30, "objects, lists or values of several types"),
        ([[0.1, 0.2, 0.3]] * 30, "vectors"),
    ],
)
def test_a_column_without_conditions_has_a_reason(values, reason):
    assert binned({"c": values}).unsearched == {"c": reason}


def test_outputs_are_not_searched():
    """A slice is known before the prediction."""
    found_columns = binned({"prediction": [1, 2], "score": [0.1, 0.2], "prediction.a": [1, 2]})
    assert found_columns == ([], {})
