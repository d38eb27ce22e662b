"""Numbers close to an erased one: bounds and edges that enclose it without revealing it."""

from __future__ import annotations

import math

_NEAR = 0.125
"""A bound moves by less than this fraction of the distance to its neighbour, so that hardly any
other row changes its bin."""

_ALONE = 0.02
"""Without a neighbour it moves by less than this fraction of its own value."""

_MOST_DIGITS = 17
"""Significant digits of a float64."""


def moved(value: float, neighbour: float) -> float | None:
    """Return a number between `value` and `neighbour` with as few digits as possible.

    None if there is none because they are adjacent floats.

    Args:
        neighbour: the bound of the movement; without one, an infinity that gives the direction.

    >>> moved(1234567.25, math.inf), moved(1234567.25, 1234570.0), moved(7.0, -math.inf)
    (1250000.0, 1234567.4, 6.9)
    """
    low, high = _between(value, neighbour)
    if not low < (low + high) / 2 < high:
        return None
    for digits in range(1, _MOST_DIGITS + 1):
        rounded_middle = float(f"{(low + high) / 2:.{digits}g}")
        if low < rounded_middle < high:
            return rounded_middle
    return (low + high) / 2


def outside(value: float, side: float) -> float:
    """Return a number of few digits slightly beyond `value`, towards the infinity `side`.

    >>> outside(1234567.25, math.inf), outside(0.0, -math.inf)
    (1250000.0, -0.01)
    """
    result = moved(value, side)
    return value if result is None else result


def _between(value: float, neighbour: float) -> tuple[float, float]:
    if math.isinf(neighbour):
        reach = math.copysign(_ALONE * (abs(value) or 1.0), neighbour)
    else:
        reach = _NEAR * (neighbour - value)
    end = value + reach
    return (min(value, end), max(value, end)) if math.isfinite(end) else (value, value)
