"""One false-alarm budget for a window that is evaluated again as its labels arrive."""

from __future__ import annotations

import math

import scipy

_LEAST = 1e-6
"""Less information than this fraction decides nothing, and would divide by zero."""


def information(rows: int, last: float, reference: float) -> float:
    """Return the fraction of a comparison's final information that its labels so far have.

    The variance of the difference of two means is proportional to ``1/rows + 1/reference``, and
    information is its inverse.

    Args:
        rows: the labelled rows so far.
        last: the labelled rows when all labels have arrived.
        reference: the labelled rows of the reference.

    >>> information(500, 1000, 1_000_000), information(500, 1000, 1000)
    (0.500..., 0.66...)
    """
    last = max(last, rows)
    own = 1 / max(rows, 1) + 1 / max(reference, 1)
    return min(1.0, max(_LEAST, (1 / max(last, 1) + 1 / max(reference, 1)) / own))


def level_of_look(level: float, fraction: float) -> float:
    """Return the level of one evaluation, so that all evaluations together keep `level`.

    The sum of the differences is a Brownian motion B of the information t, from 0 to 1. By its
    reflection, ``P(max B(t) >= c) = 2 P(B(1) >= c)``. So with ``c`` the normal quantile of
    ``1 - level / 2``, an alarm whenever ``z = B / sqrt(t) >= c / sqrt(t)`` has the probability
    `level`, however often and whenever it is evaluated. This is the boundary of O'Brien & Fleming
    (1979) for continuous monitoring (Lan & DeMets, 1983). The last evaluation has half of the
    level, which is nearly the power of a single one.

    Args:
        fraction: t; see `information`.

    >>> round(level_of_look(0.01, 1.0), 6)
    0.005
    >>> level_of_look(0.01, 0.25) < 2e-7
    True
    """
    return float(scipy.special.ndtr(scipy.special.ndtri(level / 2) / math.sqrt(fraction)))


def over_all_looks(p_value: float, fraction: float) -> float:
    """Return the p-value of a one-sided test that holds for all evaluations together.

    It is below a level exactly if `p_value` is below `level_of_look` of that level.

    >>> round(over_all_looks(0.0025, 1.0), 4), over_all_looks(0.7, 0.5)
    (0.005, 1.0)
    """
    z = -float(scipy.special.ndtri(min(1.0, max(0.0, p_value))))
    return float(min(1.0, 2 * scipy.special.ndtr(-z * math.sqrt(fraction))))
