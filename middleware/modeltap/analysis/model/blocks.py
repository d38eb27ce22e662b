"""Blocks of a reference: its rows cut by time, each block with its counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

_WHOLE = 0.8
"""The first or last block is left out if it has less than this fraction of the median rows.

The first and the last day are often incomplete.
"""

_DAY = 86_400.0


@dataclass(frozen=True)
class Blocks:
    """Blocks (b of them) in order of time, over a reference with n bins in total.

    Args:
        starts: (b,) Unix seconds.
        ends: (b,) Unix seconds, exclusive.
        rows: (b,) int64.
        counts: (b, n) int64, in the order of `layout`.
    """

    starts: np.ndarray
    ends: np.ndarray
    rows: np.ndarray
    counts: np.ndarray

    def __len__(self) -> int:
        return len(self.starts)

    @property
    def days_or_more(self) -> bool:
        """True if the blocks are a day long or longer, so that hours mean nothing."""
        return len(self) > 0 and float(np.median(self.ends - self.starts)) >= _DAY

    def joined(self, labels: Sequence[int] | np.ndarray) -> Blocks:
        """Return the sums of neighbouring blocks with equal labels, for (b,) ascending labels.

        >>> starts = np.array([0.0, 1.0])
        >>> blocks = Blocks(starts, starts + 1, np.array([5, 6]), np.array([[5], [6]]))
        >>> blocks = blocks.joined([7, 7])
        >>> blocks.starts.tolist(), blocks.ends.tolist(), blocks.counts.tolist()
        ([0.0], [2.0], [[11]])
        """
        if not len(self):
            return self
        at = np.flatnonzero(np.diff(np.asarray(labels), prepend=np.nan) != 0)
        last = np.append(at[1:], len(self)) - 1
        return Blocks(
            self.starts[at],
            self.ends[last],
            np.add.reduceat(self.rows, at),
            np.add.reduceat(self.counts, at, axis=0),
        )

    def picked(self, places: np.ndarray) -> Blocks:
        """Return the blocks at these places."""
        return Blocks(
            self.starts[places], self.ends[places], self.rows[places], self.counts[places]
        )

    def complete(self) -> Blocks:
        """Return these blocks without an incomplete first or last one."""
        if len(self) < 2:
            return self
        enough = _WHOLE * float(np.median(self.rows))
        kept = np.ones(len(self), dtype=bool)
        for end in (0, -1):
            kept[end] = self.rows[end] >= enough
        return self.picked(np.flatnonzero(kept))


def filled_up(rows: np.ndarray, least: int) -> np.ndarray:
    """Return (b,) labels that join neighbours until each has `least` rows, as evaluation does.

    The last ones join the blocks before them if they have fewer rows.

    >>> filled_up(np.array([60, 60, 120, 30]), 100).tolist()
    [0, 0, 1, 1]
    """
    labels = np.zeros(len(rows), dtype=np.int64)
    label, sum_ = 0, 0
    for place, count in enumerate(rows.tolist()):
        labels[place] = label
        sum_ += count
        if sum_ >= least:
            label, sum_ = label + 1, 0
    if sum_ and label:
        labels[labels == label] = label - 1
    return labels
