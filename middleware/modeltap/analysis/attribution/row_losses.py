"""The loss of each labelled row: an error, the size of an error, or the squared gap of a score."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

from modeltap.analysis.model.baseline import Baseline, Task
from modeltap.analysis.performance.class_scores import with_scores
from modeltap.analysis.performance.evaluation import known_classes
from modeltap.analysis.performance.paired import pair_up
from modeltap.analysis.performance.positive_class import LabelForm
from modeltap.analysis.statistics.scores import squared_gaps
from modeltap.store.labelled_rows import LabelledPrediction

LossKind = Literal["error", "absolute error", "squared gap"]


def row_losses(
    pairs: Sequence[LabelledPrediction],
    task: Task | None,
    form: LabelForm,
    baseline: Baseline,
    *,
    of_scores: bool,
) -> tuple[LossKind, np.ndarray] | None:
    """Return the kind of loss and the (n,) losses of n rows; None if they cannot be compared.

    Rows without a label are NaN. The mean loss is the error rate, the mean absolute error, or, with
    `of_scores`, the Brier score.

    >>> from modeltap.analysis.performance.positive_class import DEFAULT_FORM
    >>> known = Baseline(task="classification", rows=9, mean=1.0, variance=0.0)
    >>> some = [LabelledPrediction("a", "a"), LabelledPrediction("a", "b")]
    >>> row_losses(some, None, DEFAULT_FORM, known, of_scores=False)[1].tolist()
    [0.0, 1.0]
    """
    predictions, labels = [pair.prediction for pair in pairs], [pair.label for pair in pairs]
    paired = pair_up(predictions, labels, task or baseline.task, form, known_classes(baseline))
    if paired.mismatch is not None:
        return None
    losses = np.full(len(pairs), np.nan)
    if paired.task == "regression":
        losses[paired.places] = np.abs(paired.predictions - paired.labels)
        return "absolute error", losses
    if of_scores:
        paired = with_scores(paired, [pair.score for pair in pairs], form)
        if paired.scores is None:
            return None
        losses[paired.places] = squared_gaps(paired.scores, paired.positive)
        return "squared gap", losses
    losses[paired.places] = paired.predictions != paired.labels
    return "error", losses
