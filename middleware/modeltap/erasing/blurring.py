"""Numbers that stand near an erased one: bounds and edges that hold it, and do not tell it."""

from __future__ import annotations

import math

_NEAR = 0.125
"""A bound moves by less than this fraction of the way to its neighbour: hardly any other row
changes its bin."""

_ALONE = 0.02
"""And, where it has no neighbour, by less than this fraction of itself."""

_MOST_DIGITS = 17
"""Significant digits of a float64."""


def moved(value: float, neighbour: float) -> float | None:
    """Return a number between `value` and `neighbour`, of as few digits as tell it from both.

    None where there is none, as they are next to each other.

    Args:
        neighbour: infinite where there is none, which says in which direction.

    >>> moved(1234567.25, math.inf), moved(1234567.25, 1234570.0), moved(7.0, -math.inf)
    (1250000.0, 1234567.4, 6.9)
    """
    low, high = _between(value, neighbour)
    if not low < (low + high) / 2 < high:
        return None
    for digits in range(1, _MOST_DIGITS + 1):
        found = float(f"{(low + high) / 2:.{digits}g}")
        if low < found < high:
            return found
    return (low + high) / 2


def outside(value: float, side: float) -> float:
    """Return a number of few digits a little beyond `value`, on the side of the infinity `side`.

    >>> outside(1234567.25, math.inf), outside(0.0, -math.inf)
    (1250000.0, -0.01)
    """
    found = moved(value, side)
    return value if found is None else found


def _between(value: float, neighbour: float) -> tuple[float, float]:
    if math.isinf(neighbour):
        reach = math.copysign(_ALONE * (abs(value) or 1.0), neighbour)
    else:
        reach = _NEAR * (neighbour - value)
    end = value + reach
    return (min(value, end), max(value, end)) if math.isfinite(end) else (value, value)
