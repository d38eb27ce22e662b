"""Performance of several classes under labels that are drawn from the calibrated confidence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from modeltap.analysis.estimation.simulated_labels import (
    CURVES,
    LABELS_PER_CURVE,
    Estimate,
    estimate_of,
)
from modeltap.analysis.model.calibration import Calibration, CurvePlaces

_ROWS_A_TIME = 50_000
"""Rows that are simulated at a time, to bound memory."""


def estimate_classes(
    predicted: Sequence[str],
    confidences: np.ndarray,
    calibration: Calibration,
    confusion: Mapping[tuple[str, str], int],
    seed: int = 0,
) -> dict[str, Estimate]:
    """Return the estimates of accuracy and macro F1; of accuracy alone without a confusion matrix.

    Whether a prediction is right is drawn with the calibrated chance of its score. The true class
    of a wrong one is drawn from the classes for which its class was mistaken in the reference, with
    fractions from their posterior (Dirichlet, half a row for each class).

    Args:
        predicted: (n,) names of classes.
        confidences: (n,) scores of the predicted class, from 0 to 1.
        calibration: how often predictions with a score were right.
        confusion: rows of the reference by predicted and true class.

    >>> sure = Calibration((0.9,), (1000,), (900,))
    >>> confusion = {("a", "a"): 450, ("a", "b"): 50, ("b", "b"): 450, ("b", "a"): 50}
    >>> own = estimate_classes(["a", "b"] * 500, np.full(1000, 0.9), sure, confusion)
    >>> round(own["accuracy"].value, 2), round(own["f1_macro"].value, 2)
    (0.9, 0.9)
    """
    rng = np.random.default_rng(seed)
    names = sorted({*predicted, *(name for pair in confusion for name in pair)})
    places = {name: place for place, name in enumerate(names)}
    classes = np.array([places[name] for name in predicted], dtype=np.int64)
    right = _right_counts(classes, confidences, calibration, len(names), rng)
    estimates = {"accuracy": estimate_of(right.sum(axis=1) / len(classes))}
    if confusion:
        totals = np.bincount(classes, minlength=len(names))
        missed = _missed(totals - right, names, confusion, rng)
        estimates["f1_macro"] = estimate_of(_f1_macro(right, totals - right, missed))
    return estimates


def _right_counts(
    classes: np.ndarray,
    confidences: np.ndarray,
    calibration: Calibration,
    count: int,
    rng: np.random.Generator,
) -> np.ndarray:
    """Return the (200, count) right predictions of each class in each simulation."""
    right = np.zeros((CURVES * LABELS_PER_CURVE, count), dtype=np.int64)
    places = CurvePlaces(confidences, calibration.scores)
    for number, curve in enumerate(calibration.curves(CURVES, rng)):
        chances = places.on(curve)
        for start in range(0, len(classes), _ROWS_A_TIME):
            part = slice(start, start + _ROWS_A_TIME)
            chance = chances[part]
            for draw in range(LABELS_PER_CURVE):
                drawn = rng.random(len(chance), dtype=np.float32) < chance
                own = np.bincount(classes[part][drawn], minlength=count)
                right[number * LABELS_PER_CURVE + draw] += own
    return right


def _missed(
    wrong: np.ndarray,
    names: Sequence[str],
    confusion: Mapping[tuple[str, str], int],
    rng: np.random.Generator,
) -> np.ndarray:
    """Return the rows of each class that were predicted as another one, in each simulation."""
    missed = np.zeros_like(wrong)
    for place, name in enumerate(names):
        mistaken = np.array([confusion.get((name, true), 0) for true in names]) + 0.5
        mistaken[place] = 0.0
        others = np.flatnonzero(mistaken)
        if not len(others):
            continue
        for number in range(len(wrong)):
            fractions = rng.dirichlet(mistaken[others])
            missed[number, others] += rng.multinomial(wrong[number, place], fractions)
    return missed


def _f1_macro(right: np.ndarray, wrong: np.ndarray, missed: np.ndarray) -> np.ndarray:
    """Return the (200,) means of F1 over the classes that are predicted or true."""
    weight = 2 * right + wrong + missed
    with np.errstate(invalid="ignore"):
        scores = np.where(weight > 0, 2 * right / weight, 0.0)
    return np.asarray(scores.sum(axis=1) / np.maximum(1, (weight > 0).sum(axis=1)))
