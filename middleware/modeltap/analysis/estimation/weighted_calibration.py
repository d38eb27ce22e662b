"""Calibration of scores for rows whose inputs moved: the reference's rows, weighted towards them.

PAPE (Białek et al., 2024, arXiv 2401.08348): a classifier separates the window's rows from those
of the reference. The odds that a row of the reference is one of the window's are its weight, and
the calibration is learnt from weighted rows. It is right if the relation of inputs and labels
stayed, and the reference has rows like those of the window.

Few rows have most of the weight, so the weighted calibration is noisy. It is therefore drawn
towards the unweighted one as far as chance explains their difference (the positive part of James &
Stein, 1961): without a real difference, the unweighted one is returned.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from msgspec.structs import replace

from modeltap.analysis.estimation.error_model import MOST_COLUMNS
from modeltap.analysis.model.calibration import Calibration

_BINS = 15
"""Bins in which weighted rows are compared with the calibration."""

_TREES = 50
_LEAVES = 15
_LEAF_ROWS = 40
"""Small trees: with larger ones, the weights of 8,000 rows are mostly chance."""

_LEAST_RATIO = 0.05
"""A floor under the weights, so that no row is lost by an error of the trees."""

_FEWEST_BINS = 3
"""With fewer bins, nothing can be drawn towards the calibration."""

_CURVES = 50
"""Curves whose mean is the calibration's."""

_LEAST_RATE, _LEAST_ROWS = 5e-4, 2.0
"""Bounds of a bin: a rate of 0 or 1, or less than two rows, would be no distribution."""

_LEAST_VARIANCE = 1e-4
"""The variance of a label whose probability is a hundredth of a percent from 0 or 1."""


class _RateGaps(NamedTuple):
    """By bin of the score, the weighted rate of positive rows less the expected one."""

    scores: np.ndarray
    values: np.ndarray
    variances: np.ndarray

    @property
    def kept(self) -> float:
        """The part of the gaps that chance does not explain (James & Stein, 1961)."""
        bins = len(self.values)
        beyond = float(np.sum(self.values**2 / self.variances))
        return max(0.0, 1 - (bins - 2) / beyond) if beyond > 0 and bins > _FEWEST_BINS else 0.0


def density_ratios(reference: np.ndarray, window: np.ndarray) -> np.ndarray:
    """Return the (n,) weights of the reference's rows, with a mean of 1.

    Each half of the rows is weighted by the classifier of the other half (cross-fitting).

    Args:
        reference: (n, d) inputs.
        window: (m, d) inputs.
    """
    columns = _differing(reference, window)
    reference, window = reference[:, columns], window[:, columns]
    if not len(columns):
        return np.ones(len(reference))
    rng = np.random.default_rng(0)
    halves, others = rng.integers(0, 2, len(reference)), rng.integers(0, 2, len(window))
    ratios = np.ones(len(reference))
    for half in (0, 1):
        own = halves == half
        ratios[own] = _ratios(reference[~own], window[others != half], reference[own])
    ratios = np.maximum(ratios, _LEAST_RATIO)
    return np.asarray(ratios / ratios.mean())


def _differing(reference: np.ndarray, window: np.ndarray) -> np.ndarray:
    """Return the columns whose means differ most, at most 200, in order."""
    if reference.shape[1] <= MOST_COLUMNS:
        return np.arange(reference.shape[1])
    spread = reference.std(axis=0)
    gaps = np.abs(window.mean(axis=0) - reference.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    return np.sort(np.argsort(-gaps, kind="stable")[:MOST_COLUMNS])


def _ratios(reference: np.ndarray, window: np.ndarray, rows: np.ndarray) -> np.ndarray:
    # Loaded late: it takes a second, and only windows with moved inputs need it.
    from sklearn.ensemble import HistGradientBoostingClassifier

    trees = HistGradientBoostingClassifier(
        max_iter=_TREES,
        max_leaf_nodes=_LEAVES,
        min_samples_leaf=_LEAF_ROWS,
        early_stopping=False,
        random_state=0,
    )
    trees.fit(np.vstack([reference, window]), np.repeat([0, 1], [len(reference), len(window)]))
    chances = trees.predict_proba(rows)[:, 1]
    return np.asarray(chances / (1 - chances) * len(reference) / len(window))


def moved_calibration(
    known: Calibration, scores: np.ndarray, positive: np.ndarray, weights: np.ndarray
) -> Calibration:
    """Return a calibration for rows like the weighted ones; `known` if chance explains its gaps.

    Args:
        known: the calibration of all labelled rows of the reference.
        scores: (n,) those of a sample of these rows.
        positive: (n,) booleans, whether their label is the positive class.
        weights: (n,) their weights.

    >>> known = Calibration((0.2, 0.8), (500, 500), (100, 400))
    >>> scores, positive = np.repeat([0.2, 0.8], 50), np.tile([True, False], 50)
    >>> moved_calibration(known, scores, positive, np.ones(100)) is known
    True
    """
    grid, rows = np.array(known.scores), np.array(known.rows, dtype=np.float64)
    curve = known.curves(_CURVES, np.random.default_rng(0)).mean(axis=0)
    gaps = _gaps(np.interp(scores, grid, curve), scores, positive, weights)
    kept = gaps.kept
    if not kept > 0:
        return known
    rates = np.clip(
        curve + kept * np.interp(grid, gaps.scores, gaps.values), _LEAST_RATE, 1 - _LEAST_RATE
    )
    # Several bins of the calibration share the rows of one bin of the gaps.
    shared = len(grid) / len(gaps.scores) * np.interp(grid, gaps.scores, gaps.variances)
    variances = (1 - kept) ** 2 * rates * (1 - rates) / rows + kept**2 * shared
    effective = np.clip(rates * (1 - rates) / variances, _LEAST_ROWS, rows)
    return replace(
        known, rows=tuple(effective.tolist()), positives=tuple((effective * rates).tolist())
    )


def _gaps(
    expected: np.ndarray, scores: np.ndarray, positive: np.ndarray, weights: np.ndarray
) -> _RateGaps:
    """Return the gaps in bins of equal weight."""
    order = np.argsort(scores, kind="stable")
    mass = np.cumsum(weights[order]) / weights.sum()
    cuts = scores[order][np.searchsorted(mass, np.arange(1, _BINS) / _BINS)]
    bins = np.searchsorted(np.unique(cuts), scores, side="right")
    used, bins = np.unique(bins, return_inverse=True)
    total = np.bincount(bins, weights, len(used))
    noise = weights**2 * np.maximum(expected * (1 - expected), _LEAST_VARIANCE)
    return _RateGaps(
        np.bincount(bins, weights * scores, len(used)) / total,
        np.bincount(bins, weights * (positive - expected), len(used)) / total,
        np.bincount(bins, noise, len(used)) / total**2,
    )
