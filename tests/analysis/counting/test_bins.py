"""Counts in fixed bins, which add exactly."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modeltap.analysis.counting.tally import tally
from modeltap.analysis.model.reference import layout
from modeltap.analysis.references.fit import fit

rng = np.random.default_rng(0)
REFERENCE = fit(
    {
        "x": rng.normal(size=5000).tolist(),
        "n": rng.poisson(2, size=5000).tolist(),
        "c": rng.choice(["a", "b", "c"], size=5000).tolist(),
        "b": (rng.random(5000) < 0.3).tolist(),
    },
    5000,
    model="m",
)

anything = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=3),
    st.sampled_from(["a", "b", "zzz"]),
    st.lists(st.integers(), max_size=2),
    st.just(10**400),
    st.just({"k": 1}),
)


@given(st.lists(anything, max_size=30), st.lists(anything, max_size=30))
def test_counts_of_any_values_add_exactly(first, second):
    """counts(a + b) == counts(a) + counts(b), each row counted once, nothing raises."""
    for name in ("x", "n", "c", "b"):
        own = layout(REFERENCE)[name]
        parts = [tally({name: part}, len(part), REFERENCE).counts[own] for part in (first, second)]
        whole = tally({name: first + second}, len(first) + len(second), REFERENCE).counts[own]
        assert (parts[0] + parts[1] == whole).all()
        assert whole.sum() == len(first) + len(second)


def test_a_values_bin_is_the_number_of_edges_at_or_below_it():
    """Like searchsorted(side='right') and PostgreSQL's width_bucket."""
    edges = np.array(REFERENCE.by_name["x"].edges)
    values = np.concatenate([rng.normal(size=1000), edges])
    counted = tally({"x": values}, len(values), REFERENCE).counts[layout(REFERENCE)["x"]]
    expected = np.bincount(np.searchsorted(edges, values, "right"), minlength=len(edges) + 1)
    assert (counted[:-3] == expected).all()


@pytest.mark.parametrize(
    ("column", "special"),
    [
        ([None, float("nan"), 1.0], (2, 0, 0)),
        (["1", True, [1], 1.0], (0, 3, 0)),
        ([float("inf"), -float("inf"), 10**400, 1e300], (0, 0, 0)),
    ],
)
def test_numbers_of_every_kind(column, special):
    """Missing, of the wrong type, infinite and huge."""
    counted = tally({"x": column}, len(column), REFERENCE).counts[layout(REFERENCE)["x"]]
    assert tuple(counted[-3:]) == special and counted.sum() == len(column)


def test_categories_of_every_kind():
    """Known, unseen, missing, of the wrong type; true is a category of its own, not 1."""
    counted = tally({"c": ["a", "z", None, 1, float("nan")]}, 5, REFERENCE).counts
    assert tuple(counted[layout(REFERENCE)["c"]]) == (1, 0, 0, 0, 2, 1, 1)
    counted = tally({"b": [True, 1, False]}, 3, REFERENCE).counts[layout(REFERENCE)["b"]]
    assert tuple(counted) == (1, 1, 0, 0, 1, 0)


def test_an_absent_column_is_missing_and_a_new_one_is_left_out():
    """Only the reference's columns are counted."""
    counted = tally({"new": [1, 2]}, 2, REFERENCE).counts
    assert [counted[own][-3] for own in layout(REFERENCE).values()] == [2] * 4
