"""Lists of labels or predictions: numbers and unknown values, a million in a tenth of a second."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from modeltap.analysis.model.baseline import ROUNDING, is_unknown, number_of

_NUMBERS = {int, float}
_NEVER_UNKNOWN = {int, str, bool}


def are_numbers(values: Sequence[Any]) -> bool:
    """Return whether all values are plain integers or floats.

    >>> are_numbers([1, 2.5]), are_numbers([1, True]), are_numbers([1, "2"])
    (True, False, False)
    """
    return set(map(type, values)) <= _NUMBERS


def numbers_of(values: Sequence[Any]) -> np.ndarray:
    """Return (n,) floats, as `number_of` reads each value: NaN where it is not a number.

    >>> numbers_of([1, "2.5", None, True]).tolist()
    [1.0, 2.5, nan, nan]
    """
    if are_numbers(values):
        try:
            return np.array(values, dtype=np.float64)
        except OverflowError:  # an integer beyond any float
            pass
    return np.array(list(map(number_of, values)), dtype=np.float64)


def are_probabilities(values: np.ndarray) -> np.ndarray:
    """Return for (n,) floats which of them are from 0 to 1, up to rounding; NaN is not.

    >>> are_probabilities(np.array([0.5, 1.0000001, np.nan, 1.5])).tolist()
    [True, True, False, False]
    """
    return np.asarray((values >= -ROUNDING) & (values <= 1 + ROUNDING))


def all_known(values: Sequence[Any]) -> bool:
    """Return whether no value is None or NaN.

    >>> all_known([1, "a"]), all_known([1.5, float("nan")]), all_known([1, None])
    (True, False, False)
    """
    types = set(map(type, values))
    if types <= _NEVER_UNKNOWN:
        return True
    if types <= {*_NEVER_UNKNOWN, float}:
        return all(value == value for value in values)  # NaN differs from itself
    return not any(map(is_unknown, values))
