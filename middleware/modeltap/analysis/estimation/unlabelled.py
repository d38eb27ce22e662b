"""Scores and predicted classes of rows without labels, in the form of the reference."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from modeltap.analysis.inference.value_lists import are_probabilities, numbers_of
from modeltap.analysis.model.baseline import ScoreBaseline
from modeltap.analysis.model.calibration import Calibration
from modeltap.analysis.statistics.confusion import class_names


class Outputs(NamedTuple):
    """The (n,) predictions of a window's rows, and the scores that accompany them."""

    predictions: Sequence[Any]
    scores: Sequence[float | None]


class Scored(NamedTuple):
    """Rows with a usable score: of the positive class, and whether that class is predicted."""

    scores: np.ndarray
    predicted: np.ndarray


def scored_rows(
    outputs: Outputs, baseline: ScoreBaseline, calibration: Calibration, decision_threshold: float
) -> Scored:
    """Return the rows whose score is a probability; others are left out.

    >>> from modeltap.analysis.model.moments import Moments
    >>> plain = ScoreBaseline(area=None, brier=Moments(9, 0.1, 0.1, 0.0))
    >>> some = Outputs([0.25, 0.75, None, 12.5], [None] * 4)
    >>> scored_rows(some, plain, Calibration((0.5,), (9,), (4,)), 0.5).predicted.tolist()
    [False, True]
    """
    column = outputs.scores if baseline.additional else outputs.predictions
    values = numbers_of(column)
    known = are_probabilities(values)
    values = np.clip(values[known], 0.0, 1.0)
    if not baseline.additional:
        return Scored(values, values >= decision_threshold)
    names = set(calibration.names)
    predicted = np.array([name in names for name in class_names(outputs.predictions)], dtype=bool)
    predicted = predicted[known]
    return Scored(
        np.where(predicted, values, 1 - values) if calibration.of_predicted else values, predicted
    )
