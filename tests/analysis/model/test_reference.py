"""The reference: its form in the store, and its id."""

from __future__ import annotations

import numpy as np

from modeltap.analysis.counting.tally import tally
from modeltap.analysis.model.reference import Reference
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


def test_a_reference_survives_the_store_and_its_id_identifies_its_bins():
    """The same rows give the same id, and other rows a different one."""
    again = Reference.from_json(REFERENCE.to_json())
    assert again == REFERENCE and again.id == REFERENCE.id
    other = fit({"x": rng.normal(size=5000).tolist()}, 5000, model="m")
    assert other.id != REFERENCE.id


def test_a_lone_surrogate_survives_the_store():
    """A lone surrogate cannot be written as UTF-8; it is one category like any other."""
    reference = fit({"c": ["a", "\ud800"] * 50}, 100, model="m")
    assert Reference.from_json(reference.to_json()).id == reference.id
    assert tally({"c": ["\ud800", "a"]}, 2, reference).counts.tolist() == [1, 1, 0, 0, 0, 0]
