"""The spread of a model's true performance around its estimates, learned from earlier windows.

The interval of an estimate without labels holds as long as the relation of inputs and labels is
that of the reference. How far it is not differs between models, and earlier windows show it: their
gap is the true performance less the estimate without labels.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import scipy

from modeltap.analysis.estimation.simulated_labels import Estimate
from modeltap.analysis.model.metric import NORMAL_95

_MOST_WINDOWS = 4
"""Earlier windows that count against the labels of one window: its own gap is at least a fifth of
the evidence, so that a first fault is not taken for noise after a year without any."""

_FEWEST_WINDOWS = 2.0
"""The quantile of Student's distribution is that of at least two windows: that of one is 12.7."""


class PastGap(NamedTuple):
    """The gap of an earlier window.

    Args:
        gap: its performance less the estimate without labels.
        chance: the standard error of that estimate.
        error: the standard error of the performance; 0 if it was measured on all labels.
    """

    gap: float
    chance: float
    error: float


class GapSpread(NamedTuple):
    """The variance of gaps that chance does not explain, as a mean over windows.

    Args:
        excess: that mean; negative if gaps are smaller than chance leads to expect.
        windows: their number, in which one with few labels is a part of a window.
        chance: the standard error of the estimate without labels of the window in question.
    """

    excess: float = 0.0
    windows: float = 0.0
    chance: float = 0.0


def gap_spread(gaps: Sequence[PastGap]) -> GapSpread:
    """Return the spread of gaps, by the method of moments.

    The expected square of a gap, given the labels so far, is ``gap^2 + error^2``, and by chance it
    is ``chance^2``. A window counts as ``chance^2 / (chance^2 + error^2)`` of one.

    >>> gap_spread([PastGap(0.03, 0.01, 0.0), PastGap(-0.01, 0.01, 0.0)])
    GapSpread(excess=0.0003..., windows=2.0, chance=0.0)
    """
    weights = [_weight(own) for own in gaps]
    if not any(weights):
        return GapSpread()
    excesses = [own.gap**2 + own.error**2 - own.chance**2 for own in gaps]
    total = math.fsum(weights)
    mean = math.fsum(w * own for w, own in zip(weights, excesses, strict=True)) / total
    return GapSpread(mean, total)


def _weight(own: PastGap) -> float:
    return own.chance**2 / (own.chance**2 + own.error**2) if own.error else 1.0


def widened(estimate: Estimate, spread: GapSpread) -> Estimate:
    """Return an estimate without labels, whose interval allows for gaps like the earlier ones.

    The half width is the root of the sum of the squares of its own and of
    ``t sqrt(excess)``, where t is the quantile of Student's distribution for so many windows.

    >>> widened(Estimate(0.9, 0.88, 0.92), GapSpread(0.0009, 100.0))
    Estimate(value=0.9, low=0.837..., high=0.962...)
    >>> widened(Estimate(0.9, 0.88, 0.92), GapSpread())
    Estimate(value=0.9, low=0.88, high=0.92)
    """
    if not spread.excess > 0:
        return estimate
    quantile = float(scipy.special.stdtrit(max(_FEWEST_WINDOWS, spread.windows), 0.975))
    more = quantile * math.sqrt(spread.excess)
    return Estimate(
        estimate.value,
        estimate.value - math.hypot(estimate.value - estimate.low, more),
        estimate.value + math.hypot(estimate.high - estimate.value, more),
    )


def combined(corrected: Estimate, completed: float, pending: float, spread: GapSpread) -> Estimate:
    """Return a window's performance from its labels so far and from earlier windows.

    The gap of the pending rows is a draw from a normal distribution around 0, whose variance is the
    excess of earlier windows and of this one, ``V = (k excess f^2 + max(0, d^2 - s^2)) / (k + 1)``,
    where d is the difference of `corrected` from `completed`, s its standard error and f the
    pending fraction. The value is the posterior mean, ``completed + B d`` with ``B = V / (V +
    s^2)``; its variance is ``B s^2 + (1 - B) f chance^2 + (1 - B)^2 d^2 / (k + 1)``, of which the
    last part is the uncertainty of B (parametric empirical Bayes; Morris, 1983, has twice that;
    half of it holds the truth nearly as often). Of k earlier windows, at most four count. Without
    any, B is the factor of James & Stein (1961). Before the first one, the interval is that of
    `corrected`.

    Args:
        corrected: the labels so far, extended to the pending rows.
        completed: the labels so far, with the expectation of pending rows.
        pending: the fraction of pending rows.

    >>> noisy = Estimate(0.5, 0.402, 0.598)
    >>> round(combined(noisy, 0.3, 0.5, GapSpread()).value, 4)
    0.4875
    >>> combined(noisy, 0.46, 0.5, GapSpread()).value
    0.46
    >>> own = combined(noisy, 0.46, 0.5, GapSpread(0.0, 10.0, chance=0.014))
    >>> round(own.low, 3), round(own.high, 3)
    (0.42, 0.5)
    """
    gap = corrected.value - completed
    error = (corrected.high - corrected.low) / 2 / NORMAL_95
    if not error > 0:
        return corrected
    windows = min(spread.windows, _MOST_WINDOWS)
    earlier = windows * spread.excess * pending**2
    variance = max(0.0, (earlier + max(0.0, gap**2 - error**2)) / (windows + 1))
    part = variance / (variance + error**2)
    value = completed + part * gap
    half = NORMAL_95 * error
    if windows >= 1:
        own = part * error**2 + (1 - part) * pending * spread.chance**2
        half = NORMAL_95 * math.sqrt(own + ((1 - part) * gap) ** 2 / (windows + 1))
    return Estimate(value, value - half, value + half)
