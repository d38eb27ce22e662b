"""Matrices of samples: values are bounded, missing ones in the middle, columns keep names."""

from __future__ import annotations

import numpy as np
import pytest

from modeltap.analysis.counting.sample import sample
from modeltap.analysis.references.fit import fit
from modeltap.analysis.statistics.matrix import left_out, matrix

ROWS = 400
rng = np.random.default_rng(0)
COLUMNS = {
    "x": rng.normal(size=ROWS).tolist(),
    "c": ["a", "b", "b", "c"] * (ROWS // 4),
    "t": [f"some words of the text number {n} which is long" for n in range(ROWS)],
}
REFERENCE = fit(COLUMNS, ROWS, model="m")


def made(columns, **options):
    rows = len(next(iter(columns.values())))
    return matrix(sample(columns, rows, REFERENCE), REFERENCE, **options)


def test_numbers_become_normal_quantiles_of_their_ranks():
    scores = made(COLUMNS).values[:, 0]
    assert abs(scores.mean()) < 0.05 and scores.std() == pytest.approx(1, abs=0.1)
    assert np.corrcoef(scores, COLUMNS["x"])[0, 1] > 0.97


@pytest.mark.parametrize("value", [1e300, -1e300, float("inf"), None, "text", [1]])
def test_no_value_is_beyond_the_largest(value):
    values = made({"x": [value, 0.0], "c": [value, "a"]}).values
    assert np.isfinite(values).all() and np.abs(values).max() < 5


def test_missing_values_are_in_the_middle():
    values = made({"x": [None], "c": [None]})
    assert values.values[0, 0] == 0
    indicators = values.values[0, 1:]
    assert sorted(indicators) == [0.25, 0.25, 0.5]


def test_columns_have_bins_and_are_not_excluded():
    assert made(COLUMNS).names == ("x", "c", "c", "c")
    assert made(COLUMNS, excluded=frozenset({"c"})).names == ("x",)
    empty = made(COLUMNS, excluded=frozenset({"x", "c"}))
    assert empty.values.shape == (ROWS, 0)
    assert left_out(REFERENCE, frozenset({"x", "t", "gone"})) == {"x"}


def test_rare_and_unseen_categories_have_no_column():
    many = fit({"c": ["a"] * 300 + ["b"] * 97 + ["z"] * 3}, ROWS, model="m")
    values = matrix(sample({"c": ["a", "z", "new"]}, 3, many), many)
    assert values.values.shape == (3, 2) and values.values.sum(axis=1).tolist() == [1, 0, 0]
