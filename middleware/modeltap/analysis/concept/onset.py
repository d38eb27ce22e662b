"""The row of a window from which errors are larger than expected."""

from __future__ import annotations

import numpy as np


def onset(errors: np.ndarray, expected: float) -> int:
    """Return the place of the first row after the change of the mean of (n,) errors.

    The estimate of Page (1954) and Hinkley (1971): the cumulative sum of errors, less the middle of
    the means before and after the change, has its minimum at the last row before it. The mean of
    the window stands for the one after the change, which is at least as large.

    Args:
        errors: in order of time.
        expected: their mean before the change.

    >>> onset(np.array([1.0, 2.0, 1.0, 5.0, 6.0, 5.0]), 1.5)
    3
    """
    middle = (expected + float(errors.mean())) / 2
    sums = np.concatenate([[0.0], np.cumsum(errors - middle)])
    return int(np.argmin(sums[:-1]))
