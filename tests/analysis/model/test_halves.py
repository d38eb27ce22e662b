"""Halves of a reference's rows."""

from __future__ import annotations

import numpy as np
import pytest

from modeltap.analysis.model.halves import halves


@pytest.mark.parametrize("rows", [0, 1, 2, 7, 1000])
def test_each_row_is_in_one_half_and_always_in_the_same(rows):
    first, second = halves(rows)
    assert sorted([*first, *second]) == list(range(rows))
    assert len(first) - len(second) in (0, 1)
    assert np.array_equal(halves(rows)[0], first) and (np.diff(first) > 0).all()


def test_halves_follow_no_order_of_the_rows():
    """Alternating rows and sorted rows are equally frequent in both halves."""
    first, _ = halves(10_000)
    for kind in (np.arange(10_000) % 2, np.arange(10_000) // 5000):
        assert abs(kind[first].mean() - 0.5) < 0.02
