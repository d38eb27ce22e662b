"""The mean loss is the metric that it stands for."""

from __future__ import annotations

import numpy as np
import pytest

from modeltap.analysis.attribution.row_losses import row_losses
from modeltap.analysis.performance.positive_class import DEFAULT_FORM
from modeltap.analysis.references.performance_baseline import learn_baseline
from modeltap.store.labelled_rows import LabelledPrediction


def losses_of(predictions, labels, *, of_scores=False, scores=None):
    baseline = learn_baseline(list(predictions), list(labels), scores=scores)
    pairs = [
        LabelledPrediction(prediction, label, score=score)
        for prediction, label, score in zip(
            predictions, labels, scores or [None] * len(labels), strict=True
        )
    ]
    return row_losses(pairs, None, DEFAULT_FORM, baseline, of_scores=of_scores)


def test_numbers_have_absolute_errors():
    kind, losses = losses_of([1.5, 2.25, None] * 40, [1.0, 3.25, 4.5] * 40)
    assert kind == "absolute error" and losses[:2].tolist() == [0.5, 1.0] and np.isnan(losses[2])


def test_classes_are_right_or_wrong():
    kind, losses = losses_of(["a", "b", "b"] * 40, ["a", "a", None] * 40)
    assert kind == "error" and losses[:2].tolist() == [0, 1] and np.isnan(losses[2])


@pytest.mark.parametrize("beside", [True, False])
def test_scores_have_squared_gaps(beside):
    scores = [0.75, 0.25] * 60
    predictions = [1, 0] * 60 if beside else scores
    kind, losses = losses_of(
        predictions, [1, 1] * 30 + [0, 0] * 30, of_scores=True, scores=scores if beside else None
    )
    assert kind == "squared gap" and losses[:2].tolist() == [0.0625, 0.5625]


def test_classes_without_scores_have_no_squared_gaps():
    assert losses_of(["a", "b"] * 60, ["a", "a"] * 60, of_scores=True) is None
