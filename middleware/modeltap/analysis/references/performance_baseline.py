"""The performance baseline: learnt from the labelled rows of a reference."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from modeltap.analysis.detectors.performance import errors_of, pairs_of, right_of
from modeltap.analysis.model.baseline import Baseline, Task, infer_task

_MIN_ROWS = 30
"""Of fewer rows the mean of errors is not nearly normal, and its own error too large to compare."""


def learn_baseline(
    predictions: Sequence[Any] | None, labels: Sequence[Any], task: Task | None = None
) -> Baseline | None:
    """Return the model's performance; None with fewer than 30 rows that have both values.

    Args:
        predictions: (n,) numbers or classes, None where the model's outputs are not known.
        labels: (n,) true values, None where unknown.
        task: by default inferred from the values.

    Raises `InputError` where the shapes are not both (n,).

    >>> learn_baseline([1.5] * 40, [3.5] * 40).mean
    2.0
    """
    if predictions is None or not any(label is not None for label in labels):
        return None
    task = task or infer_task(labels, predictions)
    predictions, labels = pairs_of(predictions, labels)
    if task == "classification":
        right = right_of(predictions, labels)
        if len(right) < _MIN_ROWS:
            return None
        mean = float(right.mean())
        return Baseline(task=task, rows=len(right), mean=mean, variance=mean * (1 - mean))
    errors = errors_of(predictions, labels)
    if len(errors) < _MIN_ROWS:
        return None
    absolute = np.abs(errors)
    return Baseline(
        task=task,
        rows=len(errors),
        mean=float(absolute.mean()),
        variance=float(absolute.var(ddof=1)),
        bias=float(errors.mean()),
    )
