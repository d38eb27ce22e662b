"""New values: the gain of a single bin, as caused by a default, a cap or rounding."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from modeltap.analysis.statistics import hypothesis_tests

_TIMES = 2.0
"""A new value at least doubles its bin: a fraction that grows from 60 % to 63 % is ordinary drift,
with drift's floor."""


class Gained(NamedTuple):
    """The bin that gained most, its fractions, and a p-value corrected for the number of bins."""

    place: int
    before: float
    now: float
    p_value: float

    @property
    def gain(self) -> float:
        """The growth of the fraction of rows in the bin; 0 if it did not double."""
        return self.now - self.before if self.now >= _TIMES * self.before else 0.0


NOTHING = Gained(0, 0.0, 0.0, 1.0)


def gained_most(reference: np.ndarray, current: np.ndarray) -> Gained:
    """Return the bin of two (bins,) counts whose fraction grew most significantly.

    >>> most = gained_most(np.array([100, 100, 100, 100]), np.array([30, 30, 110, 30]))
    >>> most.place, most.before, most.now, most.p_value < 1e-6
    (2, 0.25, 0.55, True)
    """
    n, m = int(reference.sum()), int(current.sum())
    if not n or not m:
        return NOTHING
    place = hypothesis_tests.most_grown_bin(reference, current)
    before, now = float(reference[place] / n), float(current[place] / m)
    return Gained(place, before, now, hypothesis_tests.most_grown_p_value(reference, current))


class ManyGained(NamedTuple):
    """The (p,) gains of the bins that gained most, and their (p,) fractions of both sides."""

    gains: np.ndarray
    both: np.ndarray


def gains_of(reference: np.ndarray, current: np.ndarray) -> ManyGained:
    """Apply `gained_most` to p pairs of (p, bins) counts, without p-values.

    >>> pair = np.array([[100, 100, 100, 100]]), np.array([[30, 30, 110, 30]])
    >>> gains_of(*pair).gains.round(2).tolist()
    [0.3]
    """
    n, m = (np.maximum(1, counts.sum(axis=1))[:, None] for counts in (reference, current))
    before, now, both = reference / n, current / m, (reference + current) / (n + m)
    spread = np.sqrt(np.maximum(both * (1 - both), 1e-12) * (1 / n + 1 / m))
    place = np.argmax((now - before) / spread, axis=1)[:, None]
    old, new, fractions = (
        np.take_along_axis(part, place, axis=1)[:, 0] for part in (before, now, both)
    )
    return ManyGained(np.where(new >= _TIMES * old, new - old, 0.0), fractions)
