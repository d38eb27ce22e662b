"""New values: one bin that gained, as a default, a cap or a rounding makes it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from modeltap.analysis.statistics import hypothesis_tests

_TIMES = 2.0
"""A bin that less than doubled is no new value: a share of 60 % that becomes 63 % is drift, and
has drift's floor."""


class Gained(NamedTuple):
    """The bin that gained most, and its share before and now; `p_value` for all bins together."""

    place: int
    before: float
    now: float
    p_value: float

    @property
    def gain(self) -> float:
        """The share of rows that is new there; 0 where there were half as many before."""
        return self.now - self.before if self.now >= _TIMES * self.before else 0.0


NOTHING = Gained(0, 0.0, 0.0, 1.0)


def gained_most(reference: np.ndarray, current: np.ndarray) -> Gained:
    """Return the bin whose share grew furthest beyond chance, of two (bins,) counts.

    >>> found = gained_most(np.array([100, 100, 100, 100]), np.array([30, 30, 110, 30]))
    >>> found.place, found.before, found.now, found.p_value < 1e-6
    (2, 0.25, 0.55, True)
    """
    n, m = int(reference.sum()), int(current.sum())
    if not n or not m:
        return NOTHING
    place = hypothesis_tests.grown_most(reference, current)
    before, now = float(reference[place] / n), float(current[place] / m)
    return Gained(place, before, now, hypothesis_tests.most_grown(reference, current))
