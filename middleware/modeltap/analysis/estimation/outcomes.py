"""Outcomes of labelled rows as numbers, which are kept with the sample of a reference's rows.

A reference lives longer than its exchanges, so what its rows predicted and what was true are kept
beside their bins.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from modeltap.analysis.inference.value_lists import are_probabilities, numbers_of
from modeltap.analysis.model.baseline import Baseline
from modeltap.analysis.performance.class_scores import with_scores
from modeltap.analysis.performance.evaluation import known_classes
from modeltap.analysis.performance.paired import pair_up
from modeltap.analysis.performance.positive_class import LabelForm


class Outcomes(NamedTuple):
    """The outcomes of the m of n rows that have both a prediction and a label.

    Args:
        places: (m,) their positions among the n rows.
        outputs: (m,) predicted numbers; scores of the positive one of two classes; or scores of the
            predicted class, NaN where there is none.
        labels: (m,) true numbers; 1 for the positive one of two classes and 0 for the other; or 1
            for a correct prediction and 0 for a wrong one.
    """

    places: np.ndarray
    outputs: np.ndarray
    labels: np.ndarray

    def by_place(self) -> Iterator[tuple[int, tuple[float | None, float]]]:
        """Yield each position with its output, None where there is none, and its label."""
        known: list[float | None] = [None if own != own else own for own in self.outputs.tolist()]
        return zip(self.places.tolist(), zip(known, self.labels.tolist(), strict=True), strict=True)


_NONE = Outcomes(np.zeros(0, dtype=np.int64), np.zeros(0), np.zeros(0))


def outcomes(
    predictions: Sequence[Any],
    labels: Sequence[Any],
    scores: Sequence[Any] | None,
    baseline: Baseline,
    form: LabelForm,
) -> Outcomes:
    """Return the outcomes of n rows in the form of their baseline; none if they do not fit it.

    Args:
        scores: (n,) scores that accompany the predictions; None if there are none.

    >>> known = Baseline(task="regression", rows=2, mean=1.0, variance=0.0)
    >>> outcomes([1.5, None, "3"], [2, 2, 4.5], None, known, LabelForm())
    Outcomes(places=array([0, 2]), outputs=array([1.5, 3. ]), labels=array([2. , 4.5]))
    """
    paired = pair_up(predictions, labels, baseline.task, form, known_classes(baseline))
    if paired.mismatch is not None:
        return _NONE
    if paired.task == "regression":
        return Outcomes(paired.places, paired.predictions, paired.labels)
    if baseline.scores is not None:
        scored = with_scores(paired, scores, form)
        if scored.scores is None:
            return _NONE
        return Outcomes(scored.places, scored.scores, scored.positive.astype(np.float64))
    right = np.array(paired.predictions == paired.labels, dtype=np.float64)
    return Outcomes(paired.places, confidences(scores, paired.places), right)


def confidences(scores: Sequence[Any] | None, places: np.ndarray) -> np.ndarray:
    """Return the scores at some places, NaN where there is none from 0 to 1.

    >>> confidences([0.5, "high", 1.5], np.array([0, 1, 2])).tolist()
    [0.5, nan, nan]
    """
    if scores is None:
        return np.full(len(places), np.nan)
    values = numbers_of([scores[place] for place in places.tolist()])
    known = are_probabilities(values)
    return np.where(known, np.clip(values, 0.0, 1.0), np.nan)
