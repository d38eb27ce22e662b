"""Tallies: packed counts, and memory that is free again without the garbage collector."""

from __future__ import annotations

import gc

import numpy as np
import pytest

from modeltap.analysis.counting.tally import pack, tally, unpack
from modeltap.analysis.references.fit import fit

rng = np.random.default_rng(0)


def test_packing_keeps_every_count():
    """As the store holds them."""
    counts = rng.integers(0, 2**40, size=500)
    assert (unpack(pack(counts)) == counts).all()


@pytest.mark.parametrize(
    "column",
    [
        rng.normal(size=300),
        ["a", "b", None] * 100,
        [True, False, None] * 100,
        [f"order {number}" for number in range(300)],
        [f"2024-01-01T00:{n // 60:02d}:{n % 60:02d}Z" for n in range(300)],
        ["a long text about flights, weather and delays of all kinds " * 5] * 300,
        [[1, 2], {"a": 1}, "mixed"] * 100,
    ],
    ids=["numbers", "categories", "booleans", "ids", "times", "texts", "mixed"],
)
@pytest.mark.parametrize("fitting", [True, False])
def test_counting_leaves_nothing_to_the_garbage_collector(column, fitting):
    """The analysis runs without it, so a cycle in each batch would fill the memory."""
    columns = {"x": column}
    reference = fit(columns, 300, model="m")
    tally(columns, 300, reference, fitting=fitting)
    # The least of three: a thread of an earlier test may leave something meanwhile.
    assert min(_uncollected(columns, reference, fitting) for _ in range(3)) == 0


def _uncollected(columns, reference, fitting):
    gc.collect()
    gc.disable()
    try:
        tally(columns, 300, reference, fitting=fitting)
        return gc.collect()
    finally:
        gc.enable()
