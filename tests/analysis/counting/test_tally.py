"""Tallies: packed counts."""

from __future__ import annotations

import numpy as np

from modeltap.analysis.counting.tally import pack, unpack

rng = np.random.default_rng(0)


def test_packing_keeps_every_count():
    """As the store holds them."""
    counts = rng.integers(0, 2**40, size=500)
    assert (unpack(pack(counts)) == counts).all()
