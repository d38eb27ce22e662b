"""Vectors of numbers: reading from a list, and their mean direction."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

MOST = 0.9
"""A column has a type if this fraction of its values has it; the others are mismatches."""

_LARGEST = 1e150
"""The square of a larger number is infinite."""


def vector(value: Any, size: int) -> np.ndarray | None:
    """Return a list of `size` finite numbers as an array, None for anything else."""
    if type(value) is not list or len(value) != size or not set(map(type, value)) <= {int, float}:
        return None
    try:
        numbers = np.array(value, dtype=np.float64)
    except OverflowError:
        return None
    return numbers if bool((np.abs(numbers) < _LARGEST).all()) else None


def mean_direction(values: Sequence[Any]) -> tuple[float, ...]:
    """Return the mean of the vectors of the most frequent length, scaled to 1; empty if none."""
    lengths = Counter(len(v) for v in values if type(v) is list)
    if not lengths:
        return ()
    size, count = lengths.most_common(1)[0]
    if size < 2 or count < MOST * len(values):
        return ()
    vectors = [numbers for v in values if (numbers := vector(v, size)) is not None]
    if len(vectors) < MOST * len(values):
        return ()
    mean = np.mean(vectors, axis=0)
    length = float(np.linalg.norm(mean))
    if not math.isfinite(length):
        return ()
    return tuple((mean / length if length else mean).tolist())
