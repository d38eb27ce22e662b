"""Calibration: how often a row with a score was of the positive class in the reference."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np

_BIN_ROWS = 50
"""Rows of a bin: the fraction of positive rows in it has an error of at most .07."""

FEWEST_CALIBRATED = 200
"""Labelled rows that show what a score means: with half as many, and two bins, 95 % intervals of
the estimated area held the true one in 12 to 58 of 100 simulated windows, with 200 in 88 to 98."""

_MAX_BINS = 100

_CLASS_ROWS = 3
"""Rows of the smaller class for each bin, on average."""


class Calibration(msgspec.Struct, frozen=True):
    """Labelled rows of the reference in bins of the score.

    Args:
        scores: the mean score of each bin, ascending.
        rows: the rows of each bin; not whole numbers if rows are weighted.
        positives: those of the positive class.
        names: the predicted classes that are the positive one; empty if predictions are scores.
        of_predicted: whether scores that accompany classes are those of the predicted class.
    """

    scores: tuple[float, ...]
    rows: tuple[float, ...]
    positives: tuple[float, ...]
    names: tuple[str, ...] = ()
    of_predicted: bool = False

    def curves(self, count: int, rng: np.random.Generator) -> np.ndarray:
        """Return (count, bins) probabilities of the positive class, as the rows allow them.

        Each curve is drawn from the posterior of the bins' probabilities. The prior is one row in
        each bin with the overall rate, which keeps the rate of a rare class. The curve is made
        monotonic by isotonic regression (Barlow et al., 1972), because a higher score means a
        higher probability, or a lower one if scores rank the classes in reverse.
        """
        positives, rows = np.array(self.positives), np.array(self.rows)
        rate = (positives.sum() + 0.5) / (rows.sum() + 1)
        drawn = rng.beta(
            positives + rate, rows - positives + 1 - rate, size=(count, len(self.rows))
        )
        if self._is_rising():
            return _isotonic(drawn, rows)
        return _isotonic(drawn[:, ::-1], rows[::-1])[:, ::-1]

    def _is_rising(self) -> bool:
        """Return whether rows of the positive class have the higher scores on average."""
        scores, rows = np.array(self.scores), np.array(self.rows)
        positives = np.array(self.positives)
        return bool(
            np.average(scores, weights=positives) >= np.average(scores, weights=rows)
            if positives.any()
            else True
        )


class CurvePlaces:
    """The places of (n,) scores on curves of one calibration, which are linear between its bins.

    Searched once: `numpy.interp` would search every score again for each curve.

    >>> own = CurvePlaces(np.array([0.0, 0.5, 0.75]), (0.5, 1.0))
    >>> own.on(np.array([0.25, 0.75])).tolist(), own.squares().round(4).tolist()
    ([0.25, 0.25, 0.5], [2.25, 0.25, 0.5])
    """

    def __init__(self, scores: np.ndarray, bins: Sequence[float]) -> None:
        ends = np.array(bins, dtype=np.float64)
        self._bins = len(ends)
        right = np.searchsorted(ends, scores, side="right")
        self._left = np.clip(right - 1, 0, max(0, self._bins - 2))
        self._right = np.minimum(self._left + 1, self._bins - 1)
        width = ends[self._right] - ends[self._left]
        with np.errstate(divide="ignore", invalid="ignore"):
            part = np.where(width > 0, (scores - ends[self._left]) / width, 0.0)
        self._part = np.clip(part, 0.0, 1.0)

    def on(self, curve: np.ndarray) -> np.ndarray:
        """Return the (n,) values of a (bins,) curve at the scores."""
        steps = curve[self._right] - curve[self._left]
        steps *= self._part
        steps += curve[self._left]
        return np.asarray(steps)

    def weights(self, values: np.ndarray) -> np.ndarray:
        """Return the (bins,) weights with which a curve adds up to the sum of (n,) `values` times
        its values at the scores."""
        left = self._summed(self._left, (1 - self._part) * values)
        return np.asarray(left + self._summed(self._right, self._part * values))

    def squares(self) -> np.ndarray:
        """Return (2 bins - 1,) weights: of each squared value, and of products of neighbours.

        They add up to the sum of the squared values of a curve at the scores.
        """
        left, right = 1 - self._part, self._part
        own = self._summed(self._left, left**2) + self._summed(self._right, right**2)
        return np.concatenate([own, self._summed(self._left, 2 * left * right)[:-1]])

    def _summed(self, places: np.ndarray, values: np.ndarray) -> np.ndarray:
        return np.asarray(np.bincount(places, weights=values, minlength=self._bins))


def learn_calibration(scores: np.ndarray, positive: np.ndarray) -> Calibration:
    """Return the calibration of (n,) scores against (n,) booleans.

    There are at most 100 bins, of at least 50 rows on average; each has the same part of both
    classes together, each class with a weight of one half, so that a rare class has bins, too.
    Equal scores are in the same bin.

    >>> learn_calibration(np.array([0.2, 0.2, 0.9, 0.9]), np.array([False, True, True, True]))
    Calibration(scores=(0.55,), rows=(4,), positives=(3,), names=(), of_predicted=False)
    """
    edges = _edges(scores, positive)
    places = np.searchsorted(edges, scores, side="right")
    rows = np.bincount(places, minlength=len(edges) + 1)
    sums = np.bincount(places, weights=scores, minlength=len(edges) + 1)
    positives = np.bincount(places[positive], minlength=len(edges) + 1)
    used = rows > 0
    means = sums[used] / rows[used]
    return Calibration(
        tuple(means.tolist()),
        tuple(rows[used].tolist()),
        tuple(positives[used].tolist()),
    )


def _edges(scores: np.ndarray, positive: np.ndarray) -> np.ndarray:
    """Return the scores at which bins begin, except for the first."""
    positives = int(positive.sum())
    smaller = min(positives, len(scores) - positives)
    bins = min(_MAX_BINS, len(scores) // _BIN_ROWS, smaller // _CLASS_ROWS)
    if bins < 2:
        return np.zeros(0)
    weights = np.where(positive, 0.5 / positives, 0.5 / (len(scores) - positives))
    order = np.argsort(scores, kind="stable")
    mass = np.cumsum(weights[order])
    places = np.searchsorted(mass, np.arange(1, bins) / bins)
    return np.unique(scores[order][np.minimum(places, len(scores) - 1)])


def _isotonic(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return the nearest rising sequence to each of (m, n) sequences, by weighted squares.

    The value at k is the largest, over starts i <= k, of the least weighted mean from i to an end
    j >= k (the min-max formula; Barlow et al., 1972). SciPy has the same, but its module takes
    longer to import than all of this.
    """
    n = len(weights)
    mass = np.concatenate([[0], np.cumsum(weights)])
    sums = np.hstack([np.zeros((len(values), 1)), np.cumsum(values * weights, axis=1)])
    lowest = np.empty((len(values), n, n))
    for start in range(n):
        means = (sums[:, start + 1 :] - sums[:, [start]]) / (mass[start + 1 :] - mass[start])
        lowest[:, start, :start] = -np.inf
        lowest[:, start, start:] = np.minimum.accumulate(means[:, ::-1], axis=1)[:, ::-1]
    return np.asarray(lowest.max(axis=1))
