"""Bins: ascending edges that cover their values, coarse bins of a tenth each."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modeltap.analysis.model.binning import COARSE_BINS, FINE_BINS, coarse_bins, edges_of
from modeltap.analysis.references.fit import fit

FLOATS = st.floats(allow_nan=False, allow_infinity=False)


@given(st.lists(FLOATS, min_size=1, max_size=300))
def test_edges_ascend_are_finite_and_hold_the_values_between_them(values):
    edges = edges_of(np.array(values))
    assert edges and np.isfinite(edges).all() and list(edges) == sorted(set(edges))
    bins = np.searchsorted(np.array(edges), np.array(values), "right")
    assert bins.min() > 0
    assert max(values) == np.finfo(float).max or bins.max() < len(edges)


def test_a_frequent_value_has_a_bin_of_its_own():
    values = np.concatenate([np.zeros(500), np.random.default_rng(0).exponential(size=500)])
    edges = np.array(edges_of(values))
    counts = np.bincount(np.searchsorted(edges, values, "right"))
    assert counts[int(np.searchsorted(edges, 0.0, "right"))] == 500
    assert np.partition(counts, -2)[-2] <= 2 * len(values) / FINE_BINS


def test_extra_edges_are_included_and_empty_columns_have_none():
    assert {2.5, 7.5} <= set(edges_of(np.arange(5.0), extra=(2.5, 7.5)))
    assert edges_of(np.array([])) == ()
    assert len(edges_of(np.full(9, 3.0))) > 2


def test_each_coarse_bin_holds_about_a_tenth_and_one_on_each_side_nothing():
    values = np.random.default_rng(1).normal(size=5000)
    (feature,) = fit({"x": values}, 5000, model="m").features
    coarse = np.array(coarse_bins(feature))
    assert (np.diff(coarse) >= 0).all() and set(coarse) == set(range(coarse.max() + 1))
    rows = np.bincount(coarse, np.array(feature.counts[: feature.bins]))
    assert len(rows) == COARSE_BINS + 2 and rows[0] == rows[-1] == 0
    assert rows[1:-1] == pytest.approx(500, rel=0.1)


def test_rare_categories_share_a_coarse_bin():
    words = ["a"] * 500 + ["b"] * 490 + ["c"] * 5 + ["d"] * 5
    (feature,) = fit({"c": words}, 1000, model="m").features
    of = dict(zip(feature.vocabulary, coarse_bins(feature), strict=False))
    assert of["c"] == of["d"] and len({of["a"], of["b"], of["c"]}) == 3
