"""Sets of rows as bits, 64 to a word, so that sets are intersected and counted at once."""

from __future__ import annotations

from functools import cache

import numpy as np

_WORD = 8
"""Bytes."""


def packed(members: np.ndarray) -> np.ndarray:
    """Return (m, n) booleans as (m, words) bits.

    >>> packed(np.array([[True, False, True]])).tolist()
    [[5]]
    """
    octets = np.packbits(members, axis=1, bitorder="little")
    sets, length = octets.shape
    filled = np.zeros((sets, length + -length % _WORD), dtype=np.uint8)
    filled[:, :length] = octets
    return filled.view(np.uint64)


def all_rows(sets: int, rows: int) -> np.ndarray:
    """Return (sets, words) bits of sets with all `rows` rows."""
    return np.repeat(packed(np.ones((1, rows), dtype=bool)), sets, axis=0)


def sizes(bits: np.ndarray) -> np.ndarray:
    """Return the (m,) numbers of rows in (m, words) bits.

    >>> sizes(packed(np.array([[True, False, True], [False, False, False]]))).tolist()
    [2, 0]
    """
    return np.asarray(_ones(bits).sum(axis=1, dtype=np.int64))


def members(bits: np.ndarray, rows: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the pairs of a set and a row of it, as two arrays.

    >>> [part.tolist() for part in members(packed(np.eye(2, 3, k=1, dtype=bool)), rows=3)]
    [[0, 1], [1, 2]]
    """
    listed = np.unpackbits(bits.view(np.uint8), axis=1, count=rows, bitorder="little")
    return np.divmod(np.flatnonzero(listed.view(bool)), rows)


def ones_by_table(bits: np.ndarray) -> np.ndarray:
    """Return the numbers of ones in quarters of (m, words) bits, as `numpy.bitwise_count` does of
    words."""
    return np.asarray(_table()[bits.view(np.uint16)])


@cache
def _table() -> np.ndarray:
    """Return the number of ones in each 16-bit number."""
    numbers = np.arange(1 << 16, dtype=np.uint16)
    return np.asarray(sum(((numbers >> place) & 1).astype(np.uint8) for place in range(16)))


# Before NumPy 2 there is only the table.
_ones = getattr(np, "bitwise_count", ones_by_table)
