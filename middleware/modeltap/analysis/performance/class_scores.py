"""Scores that accompany predicted classes: of the positive class, or of the predicted one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from modeltap.analysis.inference.value_lists import are_probabilities, numbers_of
from modeltap.analysis.model.baseline import ROUNDING
from modeltap.analysis.performance.paired import Paired
from modeltap.analysis.performance.positive_class import LabelForm, positive_classes

_EVEN = 0.5
"""The predicted one of two classes has at least this probability."""


def with_scores(paired: Paired, column: Sequence[Any] | None, form: LabelForm) -> Paired:
    """Return predicted classes with their scores; unchanged if these do not fit two classes.

    Args:
        column: (n,) scores of all rows that `pair_up` received; None if there are none.

    >>> from modeltap.analysis.performance.paired import pair_up
    >>> with_scores(pair_up([1, 0], [1, 0]), [0.875, 0.75], LabelForm()).scores.tolist()
    [0.875, 0.25]
    """
    if column is None or paired.scores is not None or paired.mismatch is not None:
        return paired
    classes = {*paired.predictions.tolist(), *paired.labels.tolist()}
    if paired.task == "regression" or not 0 < len(classes) <= 2:
        return paired
    yes = positive_classes(set(paired.labels.tolist()), classes, form.positive)
    if isinstance(yes, str):
        return paired
    values = numbers_of([column[place] for place in paired.places.tolist()])
    predicted, positive = (
        np.array([name in yes for name in side.tolist()])
        for side in (paired.predictions, paired.labels)
    )
    scores = _of_positive(values, predicted)
    return (
        paired
        if scores is None
        else replace(paired, scores=scores, positive=positive, additional=True)
    )


def _of_positive(values: np.ndarray, predicted: np.ndarray) -> np.ndarray | None:
    """Return (n,) scores of the positive class; None if they are of neither.

    If all scores are at least one half in both classes, they are scores of the predicted class.
    """
    if not are_probabilities(values).all():
        return None
    values = np.clip(values, 0.0, 1.0)
    if (values >= _EVEN - ROUNDING).all():
        return np.where(predicted, values, 1 - values)
    if predicted.all() or not predicted.any():
        return values
    return values if values[predicted].mean() > values[~predicted].mean() else None
