"""Types, bins and categories, inferred from columns of any kind."""

from __future__ import annotations

import numpy as np
import pytest

from modeltap.analysis.counting.tally import tally
from modeltap.analysis.model.binning import edges_of
from modeltap.analysis.model.halves import halves
from modeltap.analysis.model.reference import layout
from modeltap.analysis.references.fit import fit
from modeltap.privacy.marks import MASK

rng = np.random.default_rng(0)


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
    """Constant, one huge value, a single one, none, the largest floats."""
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
    """Numbers, categories, booleans, ids, times, texts, vectors, and other values."""
    assert fit({"f": column}, len(column), model="m").features[0].kind == kind


NAN = float("nan")


def learn(column):
    return fit({"f": column}, len(column), model="m").features[0]


@pytest.mark.parametrize(
    ("column", "kind"),
    [
        (rng.integers(0, 1000, 300), "numeric"),
        (rng.normal(size=300).astype("f4"), "numeric"),
        (list(rng.normal(size=300)), "numeric"),
        (rng.random(300) < 0.5, "boolean"),
        (rng.choice(["a", "b"], 300), "categorical"),
        (np.array(["a", "b", None] * 100, dtype=object), "categorical"),
        (np.array(["2020-01-01"] * 30, dtype="M8[D]"), "datetime"),
    ],
)
def test_arrays_are_learnt_like_lists(column, kind):
    """Whole numbers, single precision, NumPy's own scalars, booleans, texts, dates."""
    feature = learn(column)
    assert feature.kind == kind
    again = learn(column.tolist() if isinstance(column, np.ndarray) else column)
    assert again.kind == kind and sum(feature.counts) == len(column)


def test_nan_among_texts_is_missing():
    """As pandas writes missing texts: three in ten do not make the column 'other'."""
    feature = learn(["a", "b", "a", "b", "a", "b", "a", NAN, NAN, NAN] * 10)
    assert feature.kind == "categorical" and feature.counts[-3:] == (30, 0, 0)


def test_nan_in_a_column_that_is_not_tested_is_missing():
    """The missing rate is the only metric of such a column."""
    assert learn([[1, "a"], NAN, None] * 10).counts == (10, 20, 0, 0)


def test_edges_reach_beyond_the_reference():
    """Doubling distances on both sides, and never more than 163 edges for a smooth column."""
    values = rng.lognormal(size=10_000)
    edges = edges_of(values)
    assert len(edges) <= 163
    assert edges[0] < values.min() - 7 * np.ptp(values)
    assert edges[-1] > values.max() + 7 * np.ptp(values)


def test_the_vocabulary_is_limited_and_rare_words_are_known():
    """200 categories have a bin each, the others share one, and none of them is unseen.

    One half of the 1,240 rows chooses the words, the other half is counted.
    """
    words = [f"w{i}" for i in range(260)] * 4 + [f"w{i}" for i in range(200)]
    reference = fit({"c": words}, len(words), model="m")
    feature = reference.features[0]
    chosen = {words[place] for place in halves(len(words))[0]}
    held = [words[place] for place in halves(len(words))[1]]
    assert feature.halved and len(feature.vocabulary) == 200
    assert {*feature.vocabulary, *feature.rare} == chosen
    assert sum(feature.counts) == len(held) == 620
    assert feature.counts[200] == sum(word in feature.rare for word in held)
    assert feature.counts[-1] == sum(word not in chosen for word in held)
    rare = sorted(feature.rare)[0]
    counted = tally({"c": [rare, "new"]}, 2, reference).counts[layout(reference)["c"]]
    assert counted[200] == 1 and counted[-1] == 1


@pytest.mark.parametrize(
    ("shares", "halved"),
    [
        ([0.4, 0.3, 0.2, 0.1], False),
        ([0.5, 0.49, 0.01], False),
        ([0.6, 0.392, *[0.002] * 4], False),
        ([0.01] * 100, True),
        ([0.7, *[0.01] * 30], True),
        ([0.5, *[0.0005] * 1000], True),
        ([1 / 900] * 900, True),
    ],
)
def test_rows_are_halved_if_chance_would_choose_the_words(shares, halved):
    """A column of few clear categories keeps all its rows; so does a small reference."""
    names = np.array([f"w{i}" for i in range(len(shares))])
    drawn = np.random.default_rng(5).choice(names, p=shares, size=2000).tolist()
    feature = learn(drawn)
    assert feature.halved == halved
    assert sum(feature.counts) == (1000 if halved else 2000)
    assert not learn(drawn[:150]).halved and sum(learn(drawn[:150]).counts) == 150


@pytest.mark.parametrize(
    "column",
    [
        [1, 2.5, 3] * 50,
        [1.0, float("nan"), 2.0] * 50,
        [10**400, 1, 2.0] * 50,
        ["a", "b", "a\ud800"] * 50,
        [True, "true", "x"] * 50,
        [1, 1.0, True, "1"] * 50,
        ["1.5", "2.25", "n/a"] * 50,
    ],
)
def test_a_column_with_missing_values_has_the_type_of_the_others(column):
    """Columns without missing values of a few types are read in one step, all others one by one."""
    whole, holed = fit({"x": column}, len(column), model="m"), [*column, *[None] * 5]
    with_missing = fit({"x": holed}, len(holed), model="m")
    (feature,), (other,) = whole.features, with_missing.features
    assert other.kind == feature.kind and other.texts == feature.texts
    assert other.edges == feature.edges and other.vocabulary == feature.vocabulary
    bins = feature.bins
    assert other.counts[:bins] == feature.counts[:bins]


def test_a_masked_value_is_missing_in_a_column_of_any_type():
    for values in (["a", "b"], [1, 2.5], [[1.0, 2.0], [2.0, 3.0]]):
        column = [*values * 60, MASK]
        (feature,) = fit({"x": column}, len(column), model="m").columns
        assert MASK in feature.missing_values and feature.counts[feature.bins] == 1
