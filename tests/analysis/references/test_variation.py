"""Baselines of features: the variation of the reference's own blocks."""

from __future__ import annotations

import numpy as np

from modeltap.analysis.references.fit import fit
from modeltap.analysis.references.variation import (
    complete_blocks,
    with_block_baselines,
    with_variation,
)


def fitted(shifts, rows=300):
    rng = np.random.default_rng(0)
    x = np.concatenate([rng.normal(shift, size=rows) for shift in shifts]).tolist()
    missing = [None if n % 10 == 0 and n < rows else 1.0 + n % 7 for n in range(len(x))]
    columns = {"x": x, "y": missing}
    blocks = np.repeat(np.arange(len(shifts)), rows)
    return with_variation(fit(columns, len(x), model="m"), columns, blocks)


def test_a_season_in_the_reference_is_a_baseline():
    steady, seasonal = fitted([0] * 6), fitted([0, 0, 2, 0, 0, 0])
    assert steady.blocks == seasonal.blocks == 6
    assert seasonal.by_name["x"].baseline_distance > 3 * steady.by_name["x"].baseline_distance
    assert 0.09 < steady.by_name["y"].baseline_rates["missing_rate"] <= 0.1, "less its noise"


def test_nothing_is_learnt_from_few_blocks():
    own = fitted([0, 2, 0])
    assert own.blocks == 0 and own.by_name["x"].baseline_distance == 0
    assert with_block_baselines(own, []) is own


def test_incomplete_and_small_blocks_are_left_out():
    def kept(*sizes):
        return complete_blocks(np.repeat(np.arange(len(sizes)), sizes))

    assert kept(300, 300, 300, 300) == [0, 1, 2, 3]
    assert kept(100, 300, 300, 150) == [1, 2]
    assert kept(300, 120, 300, 99, 300) == [0, 1, 2, 4], "a quiet day within is whole"
    assert kept(50, 50) == []
