"""The reference: types, bins and words learnt once, from columns of any make."""

from __future__ import annotations

import numpy as np
import pytest

from modeltap.analysis.counting.tally import tally
from modeltap.analysis.model.binning import edges_of
from modeltap.analysis.model.reference import Reference, layout
from modeltap.analysis.references.fit import fit
from modeltap.analysis.statistics import distances
from modeltap.errors import InputError

rng = np.random.default_rng(6)
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
def test_arrays_are_learnt_as_lists_are(column, kind):
    """Whole numbers, single precision, NumPy's own scalars, truth values, words, dates."""
    feature = learn(column)
    assert feature.kind == kind
    again = learn(column.tolist() if isinstance(column, np.ndarray) else column)
    assert again.kind == kind and sum(feature.counts) == len(column)


def test_nan_among_words_is_missing_and_no_number():
    """As pandas writes missing words: three of ten do not make the column 'other'."""
    feature = learn(["a", "b", "a", "b", "a", "b", "a", NAN, NAN, NAN] * 10)
    assert feature.kind == "categorical" and feature.counts[-3:] == (30, 0, 0)


def test_nan_in_a_column_that_is_not_tested_is_missing():
    """Its missing rate is all that such a column has."""
    assert learn([[1, "a"], NAN, None] * 10).counts == (10, 20, 0, 0)


def test_a_word_that_is_no_unicode_survives_the_store():
    """A lone surrogate cannot be written as UTF-8; it is one category like any other."""
    reference = fit({"c": ["a", "\ud800"] * 50}, 100, model="m")
    assert Reference.from_json(reference.to_json()).id == reference.id
    assert tally({"c": ["\ud800", "a"]}, 2, reference).counts.tolist() == [1, 1, 0, 0, 0, 0]


@pytest.mark.parametrize("column", [[1.0], np.ones((2, 1))])
def test_columns_of_another_shape_are_a_clear_error(column):
    """Too short, or with a second dimension."""
    with pytest.raises(InputError, match="column 'x' has"):
        fit({"x": column}, 2, model="m")


def test_edges_reach_beyond_the_reference():
    """Doubling distances on both sides, and never more than 163 edges for a smooth column."""
    values = rng.lognormal(size=10_000)
    edges = edges_of(values)
    assert len(edges) <= 163
    assert edges[0] < values.min() - 7 * np.ptp(values)
    assert edges[-1] > values.max() + 7 * np.ptp(values)


def test_what_lies_beyond_has_a_coarse_bin_of_its_own():
    """So that 5 % far out are seen as such, and not as a slightly larger tenth."""
    values = rng.normal(size=10_000)
    feature = learn(values)
    few = distances.coarse(feature, np.array(feature.counts[: feature.bins]))
    assert len(few) == 12 and few[0] == few[-1] == 0
    assert few[1:-1].min() > 900


def test_the_vocabulary_is_limited_and_its_rarer_words_are_known():
    """200 words have a bin each, the others share one, and none of them is 'never seen'."""
    words = [f"w{i}" for i in range(260)] * 4 + [f"w{i}" for i in range(200)]
    reference = fit({"c": words}, len(words), model="m")
    feature = reference.features[0]
    assert len(feature.vocabulary) == 200 and feature.counts[200] == 240
    counted = tally({"c": ["w250", "new"]}, 2, reference).counts[layout(reference)["c"]]
    assert counted[200] == 1 and counted[-1] == 1
