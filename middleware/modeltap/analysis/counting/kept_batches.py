"""Batches of a pass that are needed again: for a new reference, row windows and samples.

Decoding takes longer than counting, and a first pass needs most rows two or three times. Compact
columns of the rows of one type are kept instead, and dictionaries with different names; other rows
are decoded again. A pass holds the lease of the analysis, so no erasure removes a row meanwhile.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np

from modeltap.decoding.row_batch import Batch
from modeltap.store.models import ModelVersion
from modeltap.store.predictions import StoredRow

_MAX_BYTES = 48 * 2**20
"""The first rows of a pass are kept up to this size, about 200,000 rows of 25 numbers."""

_ROW_BYTES = 220
"""Bytes of a row without its features: its id, prediction, score and times."""

_ROW_BITS = 20
"""Bits of a row's number in its key; an exchange has at most 100,000 rows."""


@dataclass(frozen=True)
class KeptBatch:
    """All rows of a model's version in the exchanges with `before` < seq <= `after`."""

    before: int
    after: int
    batch: Batch
    keys: np.ndarray
    """(rows,) int64: the sequence number of each row's exchange, and the row's number in it."""


class KeptBatches:
    """Compact batches by model and version, in order."""

    def __init__(self) -> None:
        self._kept: dict[ModelVersion, list[KeptBatch]] = {}
        self._reached: dict[ModelVersion, int] = {}
        self._begin: int | None = None
        self._size = 0

    def begin(self, before: int) -> None:
        """Note that the pass counts the exchanges after `before`."""
        if self._begin is None:
            self._begin = before

    def add(self, of: ModelVersion, after: int, batch: Batch) -> None:
        """Keep the next batch, with rows up to `after`, if there is room and they can be kept."""
        before = self._reached.get(of, self._begin or 0)
        self._reached[of] = after
        compact = batch.compact() if self._size < _MAX_BYTES and batch.rows else None
        if compact is not None:
            self._size += compact.size + _ROW_BYTES * len(batch.rows)
            kept = KeptBatch(before, after, compact, _keys(batch.seqs, batch.row_numbers))
            self._kept.setdefault(of, []).append(kept)

    def following(self, of: ModelVersion, before: int) -> KeptBatch | None:
        """Return the first kept batch that begins at the exchange `before` or after it."""
        return next((kept for kept in self._kept.get(of, ()) if kept.before >= before), None)

    def picked(self, model: str, rows: Sequence[StoredRow]) -> Batch | None:
        """Return these rows of a model in order; None if one is not kept, or lacks a field.

        The features of a reference have the order of its own rows, which then vary in their names.
        """
        wanted = _keys([row.seq for row in rows], [row.row for row in rows])
        parts: list[Batch] = []
        order: list[np.ndarray] = []
        own_batches = (batches for of, batches in self._kept.items() if of.model == model)
        seqs = wanted >> _ROW_BITS
        for kept in chain.from_iterable(own_batches):
            if not len(seqs) or kept.after < seqs.min() or kept.before >= seqs.max():
                continue
            places = _places(kept.keys, wanted)
            own = np.flatnonzero(places >= 0)
            if len(own) and not kept.batch.is_complete:
                return None
            if len(own):
                parts.append(kept.batch.picked(places[own].tolist()))
                order.append(own)
        if sum(map(len, order)) != len(rows) or not parts:
            return None
        joined = Batch.joined(parts)
        return None if joined is None else joined.picked(np.argsort(np.concatenate(order)).tolist())


def _keys(seqs: Sequence[int], rows: Sequence[int]) -> np.ndarray:
    count = len(seqs)
    return np.fromiter(seqs, np.int64, count) << _ROW_BITS | np.fromiter(rows, np.int64, count)


def _places(keys: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Return the position of each of `wanted` in distinct `keys`, -1 if it is not among them.

    >>> _places(np.array([5, 3]), np.array([3, 4, 5])).tolist()
    [1, -1, 0]
    """
    order = np.argsort(keys)
    places = order[np.minimum(np.searchsorted(keys, wanted, sorter=order), len(keys) - 1)]
    return np.where(keys[places] == wanted, places, -1)
