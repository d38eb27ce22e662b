"""Parts of players add up to the result of all."""

from __future__ import annotations

import numpy as np
import pytest

from modeltap.analysis.attribution.shapley import memberships, shapley_values


@pytest.mark.parametrize("players", [1, 2, 5, 9])
def test_parts_add_up(players):
    results = np.random.default_rng(players).normal(size=2**players)
    assert shapley_values(results).sum() == pytest.approx(results[-1] - results[0])


def test_a_sum_has_each_players_own_part():
    own = np.array([3.0, -1.0, 0.0])
    assert shapley_values(memberships(3) @ own).tolist() == pytest.approx(own.tolist())


def test_equal_players_share_equally():
    joint = memberships(3).all(axis=1).astype(float)
    assert shapley_values(joint).tolist() == pytest.approx([1 / 3] * 3)
