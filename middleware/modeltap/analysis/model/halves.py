"""Two halves of a reference's rows: one chooses the words, the other is counted."""

from __future__ import annotations

from functools import lru_cache

import numpy as np


@lru_cache(maxsize=1)
def halves(rows: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the positions of `rows` rows in two halves, each ascending; repeatable.

    The halves are random, because every other row of a file may be of one kind. The first half
    chooses the words. The second half, which did not, is counted, and behaves as any window would.

    >>> [half.tolist() for half in halves(5)]
    [[1, 2, 3], [0, 4]]
    """
    order = np.random.default_rng(0).permutation(rows)
    return np.sort(order[::2]), np.sort(order[1::2])
