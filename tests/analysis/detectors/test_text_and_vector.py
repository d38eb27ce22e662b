"""Vectors: unchanged ones cannot be told apart, longer, turned and broken ones can."""

from __future__ import annotations

import numpy as np
import pytest

from modeltap.analysis.counting.sample import sample
from modeltap.analysis.counting.tally import tally
from modeltap.analysis.detectors import text_and_vector
from modeltap.analysis.detectors.context import BothSamples, Context
from modeltap.analysis.references.fit import fit

SIZE = 48
MEAN = np.random.default_rng(1).normal(size=SIZE)


def unit_vectors(rng, rows):
    """Around a mean, as embeddings are."""
    found = MEAN + rng.normal(size=(rows, SIZE))
    return found / np.linalg.norm(found, axis=1, keepdims=True)


def drift(reference, then, now):
    """The drift of a window of vectors (n, d) against a sample of the reference's."""
    columns = {"e": now.tolist()}
    samples = BothSamples(then, sample(columns, len(now), reference))
    context = Context(reference, tally(columns, len(now), reference), samples=samples)
    return next(m for m in text_and_vector.evaluate(context) if m.metric == "drift")


@pytest.fixture(scope="module")
def known():
    rng = np.random.default_rng(4)
    columns = {"e": unit_vectors(rng, 1000).tolist()}
    reference = fit(columns, 1000, model="m")
    return reference, sample(columns, 1000, reference)


def test_unchanged_unit_vectors_are_no_drift(known):
    """Two of 40 windows would be raised by chance once in a hundred runs."""
    rng = np.random.default_rng(5)
    found = [drift(*known, unit_vectors(rng, 500)).verdict for _ in range(40)]
    assert found.count("alert") <= 1


CHANGES = {
    "longer by .3": lambda vectors: 1.3 * vectors,
    "a thousand times as long": lambda vectors: 1000 * vectors,
    "other direction": lambda vectors: -vectors,
    "another model": lambda vectors: np.roll(vectors, 5, axis=1),
}


@pytest.mark.parametrize("change", CHANGES)
def test_changed_vectors_are_told_apart(known, change):
    found = drift(*known, CHANGES[change](unit_vectors(np.random.default_rng(6), 500)))
    assert found.verdict == "alert" and found.value > 0.4


def test_one_huge_number_hides_nothing_and_is_no_drift(known):
    rng = np.random.default_rng(7)
    now = unit_vectors(rng, 500)
    now[0, 0] = 1e14
    assert drift(*known, now).verdict == "ok"
    assert drift(*known, 1.3 * now).verdict == "alert"
