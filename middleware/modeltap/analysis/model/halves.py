"""Two halves of a reference's rows: what chooses words is not what they are compared with."""

from __future__ import annotations

from functools import lru_cache

import numpy as np


@lru_cache(maxsize=1)
def halves(rows: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the places of `rows` rows in two halves, each ascending, the same at any time.

    Drawn by chance, for every other row of a file may be of one kind. Words are chosen by the
    first half; the second, which chose nothing, is counted: it is as any window would be.

    >>> [half.tolist() for half in halves(5)]
    [[1, 2, 3], [0, 4]]
    """
    order = np.random.default_rng(0).permutation(rows)
    return np.sort(order[::2]), np.sort(order[1::2])
