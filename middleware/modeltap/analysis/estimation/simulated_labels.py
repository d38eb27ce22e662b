"""Performance of scores under labels that are drawn from a calibration."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from modeltap.analysis.model.calibration import Calibration, CurvePlaces
from modeltap.analysis.model.metric import NORMAL_95
from modeltap.analysis.statistics.scores import log_losses, ranks

CURVES = 50
LABELS_PER_CURVE = 4
"""Simulations: the error of the mean of 200 is a fourteenth of the interval's half width."""

_ROWS_A_TIME = 50_000
"""Rows that are simulated at a time, to bound memory (8 MB)."""


class Estimate(NamedTuple):
    """The expected value of a metric, and its 95 % interval."""

    value: float
    low: float
    high: float


def estimate(
    scores: np.ndarray, predicted: np.ndarray, calibration: Calibration, seed: int = 0
) -> dict[str, Estimate]:
    """Return the estimates of accuracy, macro F1, ROC area, Brier score and log loss.

    For each of 50 calibration curves, four sets of labels are drawn, row by row, with the curve's
    probability at the row's score. Each set gives every metric as measured labels would, so that
    the interval, mean +- 1.96 standard deviations, has both the uncertainty of the calibration and
    that of the labels. It simulates the distributions that arXiv 2505.05295 (2025) derives for
    metrics of the confusion matrix, and is right as long as scores mean what they meant in the
    reference.

    Args:
        scores: (n,) scores of the positive class, from 0 to 1.
        predicted: (n,) booleans, whether the positive class is predicted.

    >>> sure = Calibration((0.05, 0.95), (1000, 1000), (50, 950))
    >>> scores = np.repeat([0.05, 0.95], 500)
    >>> round(estimate(scores, scores > 0.5, sure)["accuracy"].value, 2)
    0.95
    """
    sums = _simulated_sums(scores, predicted, calibration, np.random.default_rng(seed))
    drawn = metrics_of_sums(sums, scores, predicted)
    own = {name: estimate_of(values) for name, values in drawn.items()}
    return own | {"accuracy": expected_accuracy(scores, predicted, calibration, seed)}


def expected_accuracy(
    scores: np.ndarray, predicted: np.ndarray, calibration: Calibration, seed: int = 0
) -> Estimate:
    """Return the estimate of the accuracy, without drawing labels.

    Given a curve, a row is right with a known chance, so that the mean and the variance of the
    accuracy are sums over rows; over curves, they add up by the law of total variance. Arguments
    are those of `estimate`.

    >>> sure = Calibration((0.05, 0.95), (10**9, 10**9), (0, 10**9))
    >>> expected_accuracy(np.array([0.05, 0.95]), np.array([False, True]), sure).value.__round__(4)
    1.0
    """
    curves, rows = calibration.curves(CURVES, np.random.default_rng(seed)), len(scores)
    places = CurvePlaces(scores, calibration.scores)
    positive = np.where(predicted, 1.0, -1.0)
    right = (np.count_nonzero(~predicted) + curves @ places.weights(positive)) / rows
    values = np.hstack([curves**2, curves[:, :-1] * curves[:, 1:]])
    of_labels = (curves @ places.weights(np.ones(rows)) - values @ places.squares()) / rows**2
    mean = float(right.mean())
    half = NORMAL_95 * math.sqrt(max(0.0, float(right.var(ddof=1) + of_labels.mean())))
    return Estimate(mean, mean - half, mean + half)


def _simulated_sums(
    scores: np.ndarray,
    predicted: np.ndarray,
    calibration: Calibration,
    rng: np.random.Generator,
) -> np.ndarray:
    """Return (200, 5) sums over the positive rows of each simulation: of 1, predictions, ranks,
    scores and log odds."""
    weights = summed_columns(scores, predicted)
    curves = calibration.curves(CURVES, rng)
    sums = np.zeros((CURVES * LABELS_PER_CURVE, weights.shape[1]))
    for start in range(0, len(scores), _ROWS_A_TIME):
        part = slice(start, start + _ROWS_A_TIME)
        places = CurvePlaces(scores[part], calibration.scores)
        for number, curve in enumerate(curves):
            chance = places.on(curve)
            labels = rng.random((LABELS_PER_CURVE, len(chance)), dtype=np.float32) < chance
            own = slice(number * LABELS_PER_CURVE, (number + 1) * LABELS_PER_CURVE)
            sums[own] += labels @ weights[part]
    return sums


def summed_columns(scores: np.ndarray, predicted: np.ndarray) -> np.ndarray:
    """Return (n, 5) values whose sums over the positive rows determine the metrics: 1, predictions,
    ranks, scores and log odds."""
    everybody = np.ones(len(scores), dtype=bool)
    return np.column_stack(
        [
            everybody,
            predicted,
            ranks(scores),
            scores,
            log_losses(scores, ~everybody) - log_losses(scores, everybody),
        ]
    )


def metrics_of_sums(
    sums: np.ndarray, scores: np.ndarray, predicted: np.ndarray
) -> dict[str, np.ndarray]:
    """Return each metric's (k,) values, from (k, 5) sums; see `summed_columns`.

    The ROC area is left out where all rows are of one class.
    """
    n, chosen = len(scores), int(predicted.sum())
    positives, hits, rank_sums, score_sums, odds = sums.T
    misses, false_alarms = positives - hits, chosen - hits
    rejected = n - chosen - misses
    both = positives * (n - positives)
    with np.errstate(divide="ignore", invalid="ignore"):
        area = (rank_sums - positives * (positives + 1) / 2) / both
        f1 = (
            _or_zero(2 * hits / (2 * hits + misses + false_alarms))
            + _or_zero(2 * rejected / (2 * rejected + misses + false_alarms))
        ) / 2
    nobody = np.zeros(n, dtype=bool)
    return {
        "accuracy": (hits + rejected) / n,
        "f1_macro": f1,
        "roc_auc": area[both > 0],
        "brier": np.mean(scores**2) + (positives - 2 * score_sums) / n,
        "log_loss": log_losses(scores, nobody).mean() - odds / n,
    }


def _or_zero(values: np.ndarray) -> np.ndarray:
    return np.asarray(np.nan_to_num(values, nan=0.0))


def estimate_of(values: np.ndarray) -> Estimate:
    """Return the mean of a metric's simulated values, and its 95 % interval."""
    mean, half = float(values.mean()), NORMAL_95 * float(values.std(ddof=1))
    return Estimate(mean, mean - half, mean + half)
