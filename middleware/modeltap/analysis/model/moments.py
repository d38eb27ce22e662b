"""Moments of a sample, which can be combined, and areas under ROC curves."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


class Moments(NamedTuple):
    """Rows, mean, and second and third central moments (divided by the rows)."""

    rows: int
    mean: float
    second: float
    third: float


class RocArea(NamedTuple):
    """The area under the ROC curve, its variance, and the rows of each class."""

    value: float
    variance: float
    positives: int
    negatives: int


def moments(values: np.ndarray) -> Moments:
    """Return the moments of one or more values (n,)."""
    mean = float(values.mean())
    return Moments(
        len(values),
        mean,
        float(((values - mean) ** 2).mean()),
        float(((values - mean) ** 3).mean()),
    )


def pooled(first: Moments, second: Moments) -> Moments:
    """Return the moments of both samples together.

    >>> pooled(moments(np.array([1.0, 2.0])), moments(np.array([6.0])))
    Moments(rows=3, mean=3.0, second=4.666666666666667, third=6.0)
    """
    rows = first.rows + second.rows
    mean = (first.rows * first.mean + second.rows * second.mean) / rows
    twice, thrice = 0.0, 0.0
    for part in (first, second):
        gap = part.mean - mean
        twice += part.rows * (part.second + gap**2)
        thrice += part.rows * (part.third + 3 * gap * part.second + gap**3)
    return Moments(rows, mean, twice / rows, thrice / rows)
