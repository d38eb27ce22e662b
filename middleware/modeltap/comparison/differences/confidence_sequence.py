"""Intervals that hold at all looks together, however often and whenever the rows are evaluated.

A test of a difference whose rows keep coming is not a test of a fixed number of rows: whoever looks
every day and stops at the first "better" finds one by chance. A confidence sequence holds the truth
at all numbers of rows at once with probability ``1 - alpha``, so that no look has to be counted.

For differences ``d`` around a mean ``m``, ``exp(l S - l^2 V / 2)`` with ``S = sum(d - m)`` and
``V = sum((d - m)^2)`` is a supermartingale for each ``l`` if they are symmetric (de la Pena, 1999),
and nearly one for others of finite variance (Waudby-Smith, Arbour, Sinha, Kennedy & Ramdas, 2021,
"Time-uniform central limit theory and asymptotic confidence sequences"). So is a weighted sum over
values of ``l`` of both signs, and by Ville's inequality it exceeds ``1 / alpha`` at any time with
probability alpha at most. The weights are on a few values, the discrete mixture of Howard, Ramdas,
McAuliffe & Sekhon (2021). Its largest weight is where a difference of about 5 standard errors is
found in 5,000 rows. `benchmarks/compare.py` measures it next to the normal mixture, the empirical
Bernstein and the betting sequence of Waudby-Smith & Ramdas (2020).
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import NamedTuple

import numpy as np

ALPHA = 0.01
"""The chance that an interval ever misses the truth."""

_ROWS = 4000 * 4.0 ** np.arange(-2, 7)
"""The numbers of rows at which the parts of the mixture are narrowest, up to 16 million."""

_WEIGHTS = np.array([0.02, 0.04, 0.80, 0.04, 0.04, 0.02, 0.02, 0.01, 0.01])
"""Four fifths for a few thousand labelled rows, which is what most models have. The other parts
keep the interval from being useless for few rows, and let it shrink for many."""

_LARGEST = 100.0
"""Standard errors; no boundary is as wide."""


class SequenceInterval(NamedTuple):
    """The ends of an interval."""

    low: float
    high: float


@lru_cache(maxsize=4096)
def boundary(rows: float, alpha: float = ALPHA) -> float:
    """Return the number of standard errors that a mean stays within at all numbers of rows.

    The value at which the mixture ``sum(w cosh(l z) exp(-l^2 / 2))`` is ``1 / alpha``, where
    ``l^2 = 2 log(2 / alpha) rows / narrowest``.

    >>> [round(boundary(rows), 2) for rows in (100, 1000, 5000, 1_000_000)]
    [5.46, 3.93, 3.33, 4.4]
    """
    steps = np.sqrt(2 * math.log(2 / alpha) * rows / _ROWS)
    low, high = 0.0, _LARGEST
    while high - low > 1e-9:
        middle = (low + high) / 2
        if _log_mixture(steps, middle) < -math.log(alpha):
            low = middle
        else:
            high = middle
    return high


def _log_mixture(steps: np.ndarray, errors: float) -> float:
    """Return the logarithm of the mixture at so many standard errors."""
    # log cosh without overflow
    cosh = steps * errors + np.log1p(np.exp(-2 * steps * errors)) - math.log(2)
    return float(np.logaddexp.reduce(np.log(_WEIGHTS) + cosh - steps**2 / 2))


def sequence_interval(
    value: float,
    error: float,
    rows: float,
    alpha: float = ALPHA,
    effective: float | None = None,
) -> SequenceInterval | None:
    """Return the interval of a mean that holds at all looks; None with too few rows for one.

    The set of means that the test does not reject. The deviations are taken from the tested mean
    and not from the estimate, which makes the test of symmetric differences exact for few rows:
    the half width is ``z error / sqrt(1 - z^2 / rows)``.

    Args:
        value: the mean of the differences.
        error: its standard error, the standard deviation over the root of the rows.
        rows: the number of rows that determines the time of the look.
        effective: rows that carry the information if fewer, such as those of the smaller class.

    >>> low, high = sequence_interval(0.02, 0.004, 5000)
    >>> round(low, 4), round(high, 4)
    (0.0067, 0.0333)
    >>> sequence_interval(0.5, 0.1, 20) is None
    True
    """
    errors = boundary(float(rows), alpha)
    known = min(rows, rows if effective is None else effective)
    if known <= errors**2 or not (math.isfinite(value) and math.isfinite(error)):
        return None
    half = errors * error / math.sqrt(1 - errors**2 / known)
    return SequenceInterval(value - half, value + half)
