"""Estimates of a window that are corrected by the labels that have arrived so far."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np

from modeltap.analysis.estimation.gap_spread import GapSpread, combined
from modeltap.analysis.estimation.simulated_labels import Estimate
from modeltap.analysis.model.metric import NORMAL_95, Evidence

_STEP = 1e-4
"""The step of a numeric derivative, relative to the sum."""


class Corrected(Evidence, frozen=True):
    """The labelled rows of a window, and all of its rows."""

    labelled: int
    rows: int


class Arrived(NamedTuple):
    """The probability that a label like a row's own has arrived, by kinds of rows.

    Args:
        fraction: (n,) probabilities; only read for rows that have a label.
        kind: (n,) int, the kind of each row, from 0.
        variance: (kinds,) relative variances of a kind's fraction, which is itself an estimate.
    """

    fraction: np.ndarray
    kind: np.ndarray
    variance: np.ndarray


def all_alike(rows: int) -> Arrived:
    """Return the arrival of rows whose labels have all arrived with the same probability."""
    return Arrived(np.ones(rows), np.zeros(rows, dtype=np.int64), np.zeros(1))


class PartlyLabelled(NamedTuple):
    """A window's rows of which part have labels, with columns of length n.

    Args:
        chance: the probability that the row is of the positive class, by its score alone.
        label: 1.0 for the positive class, 0.0 for the other, NaN for a pending row.
        arrived: of the rows that have a label.
        pending: the probability of the positive class if the label has not arrived; see
            `pending_chance`.
    """

    chance: np.ndarray
    label: np.ndarray
    arrived: Arrived
    pending: np.ndarray


def pending_chance(chance: np.ndarray, positive: np.ndarray, negative: np.ndarray) -> np.ndarray:
    """Return the probability of the positive class of rows whose labels have not arrived.

    A pending row is not a negative one: by Bayes' rule the odds of the positive class are
    multiplied by the ratio of the fractions of both classes that are still pending.

    Args:
        chance: (n,) probabilities by the score alone.
        positive: (n,) fractions of the positive class's labels that have arrived by now.
        negative: (n,) the same for the other class.

    >>> pending_chance(np.array([0.5]), np.array([0.2]), np.array([0.6])).round(3).tolist()
    [0.667]
    """
    late, others = chance * (1 - positive), (1 - chance) * (1 - negative)
    both = late + others
    return np.where(both > 0, late / np.where(both > 0, both, 1.0), chance)


def corrected_mean(measured: np.ndarray, expected: np.ndarray, arrived: Arrived) -> Estimate:
    """Return the mean of a window's values, of which part have been measured, with its interval.

    The prediction-powered estimate (PPI++; Angelopoulos, Duchi & Zrnic, arXiv 2311.01453):
    ``mean(measured) + w (mean of all expected - mean of the expected of measured rows)``, with
    ``w = cov(measured, expected) / var(expected)`` from 0 to 1, in closed form. (Their factor
    ``1 / (1 + n/N)`` is for rows apart from the measured ones; here those are among all rows.) A
    value that arrives late is measured less often, so that each counts as the inverse of its
    probability of having arrived (Hajek, 1971). The variance is that of a sample of a finite
    window, ``(1 - n/N) var(measured - w expected) / n``, which is zero with all values, and that of
    the probabilities.

    Args:
        measured: (n,) values, NaN where pending; at least two are known.
        expected: (n,) values that the model's output leads to expect.
        arrived: of the measured values.

    >>> measured = np.array([1.0, 0.0, 1.0, np.nan])
    >>> corrected_mean(measured, np.full(4, 0.5), all_alike(4)).value
    0.666...
    """
    return _correction(measured, expected, arrived, least=0.0).estimate


class _Correction(NamedTuple):
    weight: float
    estimate: Estimate


def _correction(
    measured: np.ndarray, expected: np.ndarray, arrived: Arrived, least: float
) -> _Correction:
    """Return the weight and the estimate; `least` is the least variance of a residual."""
    known = ~np.isnan(measured)
    own, guess = measured[known], expected[known]
    shares = _shares(arrived.fraction[known])
    weight = _weight(own, guess, shares)
    residuals = own - weight * guess
    middle = float(shares @ residuals)
    value = weight * float(expected.mean()) + middle
    variance = _variance(residuals - middle, shares, len(measured), least)
    # If a kind's fraction is wrong by a part, so are the weights of all its rows.
    moved = np.bincount(
        arrived.kind[known], shares * (residuals - middle), minlength=len(arrived.variance)
    )
    half = NORMAL_95 * math.sqrt(variance + float(arrived.variance @ moved**2))
    return _Correction(weight, Estimate(value, value - half, value + half))


def _shares(arrived: np.ndarray) -> np.ndarray:
    weights = 1 / arrived
    return np.asarray(weights / weights.sum())


def _weight(measured: np.ndarray, expected: np.ndarray, shares: np.ndarray) -> float:
    gaps = expected - shares @ expected
    variance = float(shares @ gaps**2)
    if not variance > 0:
        return 0.0
    return float(np.clip(shares @ (measured * gaps) / variance, 0.0, 1.0))


def _variance(gaps: np.ndarray, shares: np.ndarray, rows: int, least: float) -> float:
    """Return the variance of a weighted mean of (n,) values from a window of `rows` rows."""
    n = len(gaps)
    pending = np.maximum(0.0, 1 - 1 / (rows * shares)) * shares**2
    return float(max(pending @ gaps**2 * n / max(1, n - 1), pending.sum() * least))


Metrics = Callable[[np.ndarray], dict[str, np.ndarray]]
"""Metrics as functions of (k, m) sums over the rows of the positive class."""


def corrected_metrics(
    rows: PartlyLabelled,
    columns: np.ndarray,
    metrics: Metrics,
    spreads: Mapping[str, GapSpread] | None = None,
) -> dict[str, Estimate]:
    """Return metrics of all rows of a window, corrected by the labels that have arrived.

    A metric of two classes is a function of sums over the rows of the positive class: of 1, of the
    predictions, of the ranks ... Each sum is the total of `corrected_mean`. The metric's own weight
    w and its interval are those of its linear part (the delta method).

    The estimate is between this correction and the metric of the labels so far with the
    expectation of pending rows; see `combined`. As long as labels agree with the expectation, the
    noise of a few of them is left out.

    Args:
        columns: (n, m) values that are summed over the positive rows.
        metrics: the metrics of rows of sums; each has one value for each row.
        spreads: the gaps of earlier windows, by the names of metrics.

    >>> half = np.full(4, 0.5)
    >>> rows = PartlyLabelled(half, np.array([1.0, 0, 1, 0]), all_alike(4), half)
    >>> corrected_metrics(rows, np.ones((4, 1)), lambda sums: {"rate": sums[:, 0] / 4})["rate"]
    Estimate(value=0.5, low=0.5, high=0.5)
    """
    first, known = _sums(rows, columns, weight=1.0), spreads or {}
    return {
        name: _corrected(rows, columns, slopes, _named(metrics, name), known.get(name, GapSpread()))
        for name, slopes in _slopes(first, metrics).items()
    }


def _named(metrics: Metrics, name: str) -> Callable[[np.ndarray], np.ndarray]:
    return lambda sums: metrics(sums)[name]


def _corrected(
    rows: PartlyLabelled,
    columns: np.ndarray,
    slopes: np.ndarray,
    metric: Callable[[np.ndarray], np.ndarray],
    spread: GapSpread,
) -> Estimate:
    values = columns @ slopes
    # Labels that are all as expected have no variance, but pending ones may differ.
    least = float(np.mean(values**2 * rows.chance * (1 - rows.chance)))
    linear = _correction(values * rows.label, values * rows.chance, rows.arrived, least)
    half = (linear.estimate.high - linear.estimate.low) / 2 * len(columns)
    is_pending = np.isnan(rows.label)
    completed = np.where(is_pending, rows.pending, rows.label) @ columns
    value, plain = metric(np.stack([_sums(rows, columns, linear.weight), completed])).tolist()
    own = Estimate(value, value - half, value + half)
    return combined(own, plain, float(is_pending.mean()), spread)


def _sums(rows: PartlyLabelled, columns: np.ndarray, weight: float) -> np.ndarray:
    """Return the (m,) corrected sums of columns over the positive rows."""
    known = ~np.isnan(rows.label)
    expected = weight * rows.chance
    residuals = (rows.label - expected)[known]
    return np.asarray(
        len(columns) * ((_shares(rows.arrived.fraction[known]) * residuals) @ columns[known])
        + expected @ columns
    )


def _slopes(sums: np.ndarray, metrics: Metrics) -> dict[str, np.ndarray]:
    """Return the (m,) derivatives of each metric at (m,) sums."""
    scale = _STEP * np.maximum(np.abs(sums), 1.0)
    steps = np.diag(scale)
    above, below = metrics(sums + steps), metrics(sums - steps)
    return {name: (above[name] - below[name]) / (2 * scale) for name in above}
