"""The kernel: counts in fixed bins, which add exactly."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modeltap.analysis.counting.tally import pack, tally, unpack
from modeltap.analysis.model.binning import edges_of
from modeltap.analysis.model.reference import Reference, layout
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
def test_counts_add_exactly_whatever_the_values(first, second):
    """counts(a + b) == counts(a) + counts(b), each row counted once, nothing raises."""
    for name in ("x", "n", "c", "b"):
        own = layout(REFERENCE)[name]
        parts = [tally({name: part}, len(part), REFERENCE).counts[own] for part in (first, second)]
        whole = tally({name: first + second}, len(first) + len(second), REFERENCE).counts[own]
        assert (parts[0] + parts[1] == whole).all()
        assert whole.sum() == len(first) + len(second)


def test_a_values_bin_is_the_number_of_edges_at_or_below_it():
    """As searchsorted(side='right') and PostgreSQL's width_bucket have it."""
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


def test_words_of_every_kind():
    """Known, never seen, missing, of the wrong type; true is a word of JSON's, not 1."""
    counted = tally({"c": ["a", "z", None, 1, float("nan")]}, 5, REFERENCE).counts
    assert tuple(counted[layout(REFERENCE)["c"]]) == (1, 0, 0, 0, 2, 1, 1)
    counted = tally({"b": [True, 1, False]}, 3, REFERENCE).counts[layout(REFERENCE)["b"]]
    assert tuple(counted) == (1, 1, 0, 0, 1, 0)


def test_an_absent_column_is_missing_and_a_new_one_is_left_out():
    """The reference says what is counted."""
    counted = tally({"new": [1, 2]}, 2, REFERENCE).counts
    assert [counted[own][-3] for own in layout(REFERENCE).values()] == [2] * 4


def test_packing_keeps_every_count():
    """As the store holds them."""
    counts = rng.integers(0, 2**40, size=500)
    assert (unpack(pack(counts)) == counts).all()


def test_a_reference_survives_the_store_and_its_id_tells_its_bins():
    """The same rows give the same id; other rows another."""
    again = Reference.from_json(REFERENCE.to_json())
    assert again == REFERENCE and again.id == REFERENCE.id
    other = fit({"x": rng.normal(size=5000).tolist()}, 5000, model="m")
    assert other.id != REFERENCE.id


@pytest.mark.parametrize(
    "values",
    [
        np.zeros(100),
        np.array([1e12, *rng.normal(size=999)]),
        np.array([5.0]),
        np.array([]),
        np.array([-1e308, 1e308] * 50),
    ],
)
def test_edges_are_finite_and_ascending(values):
    """Constant, one huge value, a single one, none, the largest there are."""
    edges = np.array(edges_of(values))
    assert np.isfinite(edges).all() and (edges[1:] > edges[:-1]).all()


@pytest.mark.parametrize(
    ("column", "kind"),
    [
        ([1, 2.5, None] * 10, "numeric"),
        (["a", "b"] * 10, "categorical"),
        ([True, False] * 10, "boolean"),
        (["True", "false"] * 10, "boolean"),
        ([f"id-{i}" for i in range(50)], "id"),
        (list(range(1000, 1200)), "id"),
        (["2013-01-01T10:00:00Z"] * 30, "datetime"),
        (["x " * 200] * 30, "text"),
        ([f"my parcel {i} is late again" for i in range(50)], "text"),
        ([[1, 2]] * 10, "vector"),
        ([[1, "a"]] * 10, "other"),
        ([None] * 10, "other"),
    ],
)
def test_types_are_learnt(column, kind):
    """Numbers, words, truth values, ids, times, texts, vectors, and what is none of them."""
    assert fit({"f": column}, len(column), model="m").features[0].kind == kind
