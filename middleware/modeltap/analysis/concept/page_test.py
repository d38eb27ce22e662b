"""Page's test: a cumulative sum that detects a small rise that lasts for several windows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

_DRIFT = 1.0
"""Standard errors that are subtracted in each window: half of the rise that is found soonest."""

_MOST = 10.0
"""A bound on the sum, so that it returns to 0 a few windows after the errors did."""


class PageSum(NamedTuple):
    """The sum after the last window, and the place of the first window that it consists of."""

    value: float
    start: int

    @property
    def p_value(self) -> float:
        """A bound on the chance of so large a sum without a rise."""
        return math.exp(-2 * _DRIFT * self.value)


def page_sum(excesses: Sequence[float]) -> PageSum:
    """Return the cumulative sum of (n,) standardised excesses (Page, 1954).

    ``S = max(0, S + z - k)`` for each z in order, with k = 1. If z is normal with a mean of at most
    0, ``P(S >= s) <= exp(-2 k s)`` after any number of windows (Lundberg's inequality, as
    ``E exp(2 k (z - k)) = 1``).

    >>> page_sum([0.2, 3.0, -4.0, 2.5, 2.5])
    PageSum(value=3.0, start=3)
    >>> round(page_sum([2.5, 2.5, 2.5, 2.5]).p_value, 6)
    6e-06
    """
    value, start = 0.0, len(excesses)
    for place, excess in enumerate(excesses):
        before, value = value, min(_MOST, max(0.0, value + excess - _DRIFT))
        if value > 0 and before == 0:
            start = place
        elif value == 0:
            start = len(excesses)
    return PageSum(value, start)
