"""Blocks: sums of neighbours, without incomplete ones at both ends."""

from __future__ import annotations

import numpy as np
import pytest

from modeltap.analysis.model.blocks import Blocks, filled_up


def blocks(rows, length=3600.0):
    rows = np.array(rows)
    starts = length * np.arange(len(rows))
    return Blocks(starts, starts + length, rows, rows[:, None] * np.array([1, 2]))


def test_joined_blocks_have_the_same_rows():
    rng = np.random.default_rng(0)
    whole = blocks(rng.integers(1, 99, size=50))
    joined = whole.joined(np.sort(rng.integers(0, 9, size=50)))
    assert joined.rows.sum() == whole.rows.sum()
    assert joined.counts.sum(axis=0).tolist() == whole.counts.sum(axis=0).tolist()
    assert joined.starts[1:].tolist() == joined.ends[:-1].tolist()


@pytest.mark.parametrize(
    ("rows", "kept"),
    [
        ([79, 100, 100, 100, 81], [100, 100, 100, 81]),
        ([100, 5, 100], [100, 5, 100]),
        ([7], [7]),
        ([], []),
    ],
)
def test_incomplete_ends_are_left_out(rows, kept):
    assert blocks(rows).complete().rows.tolist() == kept


def test_blocks_of_hours_are_shorter_than_days():
    assert not blocks([5, 5]).days_or_more and not blocks([]).days_or_more
    assert blocks([5, 5], length=86_400.0).days_or_more


@pytest.mark.parametrize("least", [1, 100, 150, 10_000])
def test_filled_up_windows_have_enough_rows(least):
    rows = np.random.default_rng(1).integers(0, 90, size=60)
    labels = filled_up(rows, least)
    sums = np.bincount(labels, weights=rows)
    assert (np.diff(labels) >= 0).all() and set(np.diff(labels)) <= {0, 1}
    assert sums.min() >= least or len(sums) == 1
