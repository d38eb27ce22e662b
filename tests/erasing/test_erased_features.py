"""A feature without a value counts as before: the same bins and rows, and wider bounds."""

from __future__ import annotations

import re
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from modeltap.analysis.counting.tally import tally
from modeltap.analysis.references.fit import fit
from modeltap.config.settings import FeatureSettings
from modeltap.erasing.erased_features import Erased, without_values
from modeltap.erasing.erased_rows import OwnValues
from modeltap.value_forms import ValueForms

rng = np.random.default_rng(0)
VALUES = [
    *rng.normal(50, 9, 900).round(6).tolist(),
    *[7.0] * 60,
    *[1234567.25] * 40,
]


def fitted(values, **declared):
    said = {"x": FeatureSettings(**declared)} if declared else None
    return fit({"x": values}, len(values), model="m", declared=said)


def erased(*values):
    return Erased(own=OwnValues(numbers=Counter(dict.fromkeys(values, 1))))


def counts_of(reference, values):
    return tally({"x": values}, len(values), reference).counts.tolist()


@pytest.mark.parametrize("value", [7.0, 1234567.25, min(VALUES), *sorted(VALUES)[100:900:50]])
def test_a_number_is_gone_and_the_counts_stay(value):
    """Edges, ends, median and code; each row stays in its bin, except perhaps one next to an
    edge in the middle."""
    before = fitted(VALUES)
    feature = before.features[0]
    changed = without_values(feature, erased(value))
    after = replace(before, features=(changed,))
    numbers = set(map(float, re.findall(r"-?\d+\.\d+(?:e[+-]?\d+)?", after.to_json())))
    assert numbers.isdisjoint({value, float(np.nextafter(value, np.inf))})
    assert list(changed.edges) == sorted(set(changed.edges)) and len(changed.edges) == len(
        feature.edges
    )
    moved = np.abs(np.subtract(counts_of(after, VALUES), counts_of(before, VALUES))).sum() / 2
    assert moved <= (0 if value in (7.0, 1234567.25) else 1)
    assert changed.low <= feature.low and changed.high >= feature.high
    assert changed.below(changed.low) == feature.below(feature.low)
    assert changed.above(changed.high) == feature.above(feature.high)


@given(
    st.lists(st.floats(-1e300, 1e300), min_size=2, max_size=40),
    st.sets(st.integers(0, 39), max_size=5),
)
def test_any_numbers_leave_a_feature_in_order(values, places):
    """Zeros, neighbours, very large floats; each erased row is within the ends."""
    reference = fit({"x": values}, len(values), model="m")
    feature = reference.features[0]
    if feature.kind != "numeric":
        return
    gone = {values[place % len(values)] for place in places}
    changed = without_values(feature, erased(*gone))
    assert len(changed.edges) == len(feature.edges)
    assert list(changed.edges) == sorted(set(changed.edges))
    assert changed.low <= feature.low and changed.high >= feature.high
    again = without_values(changed, erased(*gone))
    assert len(again.edges) == len(feature.edges)


def test_an_end_cannot_be_computed_from_the_edges_beyond_it():
    """They are multiples of the range."""
    feature = fitted(VALUES).features[0]
    changed = without_values(feature, erased(feature.low, feature.high))
    kept = set(feature.edges) & set(changed.edges)
    assert all(feature.low < edge < feature.high for edge in kept) and kept


def test_declared_bounds_stay_where_they_are():
    feature = fitted(VALUES, min=0.0, max=2_000_000.0).features[0]
    changed = without_values(feature, erased(7.0, 1234567.25))
    assert (changed.min, changed.max) == (0.0, 2_000_000.0)
    assert changed.below(0.0) == feature.below(0.0)
    assert changed.above(2_000_000.0) == feature.above(2_000_000.0)


def test_categories_keep_their_places():
    """The names of two persons stay two categories, each with its rows."""
    words = ["ann"] * 30 + ["bob"] * 50 + ["cy"] * 20
    reference = fitted(words)
    feature = reference.features[0]
    named = Erased((ValueForms("ann"), ValueForms("cy")))
    changed = without_values(feature, named)
    assert changed.vocabulary == ("[erased]", "bob", "[erased 2]")
    assert changed.counts == feature.counts and changed.coarse == feature.coarse
    after = replace(reference, features=(changed,))
    assert counts_of(after, ["bob", "ann", "new"])[:3] == [0, 1, 0]
    assert counts_of(after, ["bob", "ann", "new"])[-1] == 2


def test_a_category_of_other_rows_stays_unless_it_is_named():
    """Two erased rows had it; the reference has thirty."""
    reference = fitted(["ann"] * 30 + ["bob"] * 50)
    own = Erased(own=OwnValues(words=Counter({"ann": 2})))
    assert without_values(reference.features[0], own) == reference.features[0]
    own = Erased(own=OwnValues(words=Counter({"ann": 30})))
    assert "ann" not in without_values(reference.features[0], own).vocabulary


def test_words_of_texts_and_rare_categories():
    texts = [f"call {name} again please about the thing" for name in ("ann", "bob", "cy")] * 200
    texts = [f"{text} number {n}" for n, text in enumerate(texts)]
    reference = fit({"t": texts}, len(texts), model="m")
    own = Erased(own=OwnValues(words=Counter({"ann": 200})))
    features = [without_values(feature, own) for feature in reference.features]
    assert "ann" not in {w for feature in features for w in (*feature.vocabulary, *feature.rare)}
    assert "bob" in features[0].rare
    many = [f"user-{n}" for n in range(400)] * 3
    feature = fitted(many).features[0]
    rare = sorted(feature.rare)[0]
    named = Erased((ValueForms(rare),))
    assert without_values(feature, named).rare == feature.rare - {rare}


def test_measures_and_booleans_are_no_values():
    reference = fit({"b": [True, False] * 50}, 100, model="m")
    assert (
        without_values(reference.features[0], Erased((ValueForms("true"),)))
        == (reference.features[0])
    )
