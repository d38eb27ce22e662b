"""The input of an evaluation: the labelled rows of one window."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from modeltap.analysis.detectors.context import ALPHA, PERFORMANCE_SHARE
from modeltap.analysis.model.baseline import Baseline, Task
from modeltap.analysis.model.metric import Evidence
from modeltap.analysis.performance.positive_class import DEFAULT_FORM, LabelForm

ACCURACY_FLOOR = 0.02
"""The least fall of accuracy for an alert: two percentage points."""

MAE_FLOOR = 0.10
"""The least relative growth of the mean error for an alert."""

TOTAL_LOSS = 10.0
"""The strength of guessing: the model has lost its entire value."""


@dataclass(frozen=True)
class LabelledContext:
    """The labelled rows of one window to evaluate.

    Args:
        task: None infers it from the values.
        predictions: (n,) numbers, scores or classes.
        labels: (n,) true values; pairs with a None are left out.
        alpha: false alarms per window, over all checks together.
        hours: the hours of the day (UTC) of the window's rows; empty for all.
        form: settings of the labels.
        scores: (n,) scores that accompany the predictions; None if there are none.
    """

    task: Task | None
    predictions: Sequence[Any]
    labels: Sequence[Any]
    baseline: Baseline | None = None
    min_rows: int = 100
    alpha: float = ALPHA["normal"]
    hours: frozenset[int] = frozenset()
    form: LabelForm = DEFAULT_FORM
    scores: Sequence[Any] | None = None

    @property
    def level(self) -> float:
        """The level of a window's performance, which its metrics share."""
        return self.alpha * PERFORMANCE_SHARE


class Guess(Evidence, frozen=True):
    """The accuracy of guessing; `opposite` is True if predictions are even worse."""

    accuracy: float
    opposite: bool
    p_value: float | None = None


class PerformanceLoss(Evidence, frozen=True):
    """The model's performance in the reference, and the window's mean of prediction minus label."""

    baseline: Baseline
    bias: float = 0.0
    guess: Guess | None = None


def loss_floor(baseline: Baseline) -> float:
    """Return the least loss that is worth an alert: of accuracy, or relative to the mean error."""
    if baseline.task == "classification":
        return ACCURACY_FLOOR
    return MAE_FLOOR * baseline.mean
