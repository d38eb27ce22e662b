"""Bits of rows hold the same sets as booleans, whatever their number."""

from __future__ import annotations

import numpy as np
import pytest

from modeltap.analysis.learners import row_bits


@pytest.mark.parametrize("rows", [1, 7, 64, 65, 200])
def test_sets_are_counted_and_listed(rows):
    sets = np.random.default_rng(rows).random((5, rows)) < 0.4
    bits = row_bits.packed(sets)
    assert row_bits.sizes(bits).tolist() == sets.sum(axis=1).tolist()
    listed = row_bits.members(bits, rows)
    assert [part.tolist() for part in listed] == [part.tolist() for part in np.nonzero(sets)]


def test_all_rows_are_in_each_set():
    """The bits after the last row are empty."""
    assert row_bits.sizes(row_bits.all_rows(3, 70)).tolist() == [70, 70, 70]


def test_ones_are_counted_without_numpy_2():
    bits = np.array([[0, 1, 2**64 - 1, 0xF0F0]], dtype=np.uint64)
    assert row_bits.sizes(bits).tolist() == [73]
    assert row_bits.ones_by_table(bits).sum() == 73
