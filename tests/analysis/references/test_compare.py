"""Two references side by side: typical values, missing values, and their distance."""

from __future__ import annotations

import numpy as np
import pytest

from modeltap.analysis.references.compare import compare
from modeltap.analysis.references.fit import fit


def reference(**columns):
    return fit(columns, len(next(iter(columns.values()))), model="m")


def rows(before, after):
    return {row["feature"]: row for row in compare(before, after)}


def normal(seed, center=0.0):
    return np.random.default_rng(seed).normal(center, size=2000).tolist()


def test_a_reference_has_no_distance_from_itself():
    own = reference(x=normal(0), c=["a", "b"] * 1000)
    for row in compare(own, own):
        assert row["js"] == pytest.approx(0, abs=0.01)
        assert row["typical_before"] == row["typical_after"]


def test_a_shift_grows_the_distance_and_moves_the_median():
    before = reference(x=normal(0))
    result = [rows(before, reference(x=normal(1, center)))["x"] for center in (0, 0.5, 3)]
    distances = [row["js"] for row in result]
    assert distances == sorted(distances) and distances[0] < 0.1 < distances[2] <= 1
    assert result[2]["typical_after"] == pytest.approx(3, abs=0.1)


def test_features_of_one_side_have_no_distance():
    result = rows(reference(x=normal(0), gone=normal(1)), reference(x=normal(2), new=["a"] * 2000))
    assert list(result) == ["x", "gone", "new"]
    assert (result["gone"]["type_after"], result["gone"]["js"]) == (None, None)
    assert (result["new"]["type_before"], result["new"]["typical_after"]) == (None, "a")


def test_a_type_that_changed_has_no_distance_and_missing_values_a_rate():
    result = rows(reference(x=normal(0)), reference(x=["a", "b", None, None] * 500))
    assert result["x"]["js"] is None
    assert (result["x"]["missing_before"], result["x"]["missing_after"]) == (0, 0.5)


def test_categories_are_matched_by_name_and_new_ones_are_rare():
    before, after = reference(c=["a", "b"] * 1000), reference(c=["b", "z"] * 1000)
    assert rows(before, after)["c"]["js"] == pytest.approx(rows(after, before)["c"]["js"], abs=0.1)
    assert rows(before, after)["c"]["js"] > 0.5
