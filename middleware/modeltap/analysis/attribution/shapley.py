"""The parts of several players in a result that all of them have together (Shapley, 1953)."""

from __future__ import annotations

from math import factorial

import numpy as np


def memberships(players: int) -> np.ndarray:
    """Return (2^k, k) booleans: the sets of k players, the empty one first.

    >>> memberships(2).astype(int).tolist()
    [[0, 0], [1, 0], [0, 1], [1, 1]]
    """
    sets = np.arange(1 << players)
    return np.asarray((sets[:, None] >> np.arange(players)) & 1 == 1)


def shapley_values(results: np.ndarray) -> np.ndarray:
    """Return the (k,) parts of k players in the result of all, less the result of none.

    A player's part is the mean, over all orders of the players, of what the result gains when the
    player joins those before: ``sum over S of |S|! (k - |S| - 1)! / k! (v(S + i) - v(S))``.

    Args:
        results: (2^k,) the result of each set, in the order of `memberships`.

    >>> shapley_values(np.array([0.0, 1.0, 3.0, 6.0])).tolist()
    [2.0, 4.0]
    """
    players = len(results).bit_length() - 1
    sets = memberships(players)
    sizes = sets.sum(axis=1)
    weights = np.array(
        [factorial(size) * factorial(players - size - 1) for size in range(players)]
    ) / factorial(players)
    parts = np.zeros(players)
    for player in range(players):
        without = np.flatnonzero(~sets[:, player])
        gains = results[without | (1 << player)] - results[without]
        parts[player] = float(np.sum(weights[sizes[without]] * gains))
    return parts
