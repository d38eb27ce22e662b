"""The test of a slice on rows that were not searched."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import scipy

from modeltap.analysis.model.moments import moments
from modeltap.analysis.statistics.hypothesis_tests import fisher
from modeltap.analysis.statistics.means import mean_grew
from modeltap.analysis.statistics.rates import clopper_pearson

MIN_HELD_OUT = 10
"""Rows below which a slice is not tested: its interval would say nothing."""

_CONFIDENCE = 0.95


class SliceError(NamedTuple):
    """The error of a slice on held-out rows, beside that of the other rows.

    `p_value` is one-sided: that the slice's error is not larger. `low` and `high` are a 95 %
    interval of `value`, exact for wrong predictions.
    """

    rows: int
    value: float
    low: float
    high: float
    rest: float
    p_value: float

    @property
    def lift(self) -> float | None:
        """The error in units of the other rows' error; None if they have none."""
        return self.value / self.rest if self.rest > 0 else None


def error_of(
    inside: np.ndarray, rest: np.ndarray, *, binary: bool, limit: float
) -> SliceError | None:
    """Return the error of a slice; None if too few rows were held out.

    Args:
        inside: (n,) errors of the slice.
        rest: (m,) errors of the other rows.
        binary: whether errors are 1 or 0, for which Fisher's exact test is used; others are
            compared by the moments of a permutation.
        limit: larger errors count as this in the test: a single enormous one would hide all others.

    >>> rng = np.random.default_rng(0)
    >>> error = error_of((rng.random(100) < 0.3) * 1.0, (rng.random(900) < 0.1) * 1.0,
    ...     binary=True, limit=1.0)
    >>> error.p_value < 1e-4, round(error.lift, 1)
    (True, 2.8)
    """
    if len(inside) < MIN_HELD_OUT or not len(rest):
        return None
    value = float(inside.mean())
    if binary:
        wrong, others = round(float(inside.sum())), round(float(rest.sum()))
        low, high = clopper_pearson(wrong, len(inside), _CONFIDENCE)
        p_value = fisher(others, len(rest), wrong, len(inside))[1]
    else:
        half = _half_width(inside)
        low, high = max(0.0, value - half), value + half
        clipped = moments(np.minimum(rest, limit)), moments(np.minimum(inside, limit))
        p_value = mean_grew(*clipped)
    return SliceError(len(inside), value, low, high, float(rest.mean()), p_value)


def _half_width(errors: np.ndarray) -> float:
    """Return half the width of Student's interval of a mean."""
    quantile = float(scipy.special.stdtrit(len(errors) - 1, 0.5 + _CONFIDENCE / 2))
    return quantile * float(errors.std(ddof=1)) / math.sqrt(len(errors))
