"""Two versions on different rows: their metrics, and what has no verdict."""

from __future__ import annotations

import numpy as np
import pytest

from modeltap.comparison.aligned_outputs import ModelForm
from modeltap.comparison.version_differences import version_differences
from modeltap.errors import InputError
from modeltap.store.labelled_rows import LabelledPrediction


def rows(accuracy, count, seed, labelled=True):
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 2, count)
    own = np.where(rng.random(count) < accuracy, labels, 1 - labels)
    pairs = zip(own.tolist(), labels.tolist(), strict=True)
    return [LabelledPrediction(p, label if labelled else None) for p, label in pairs]


def test_a_version_is_better_worse_or_neither():
    for accuracy, verdict in ((0.9, "better"), (0.8, "not_shown"), (0.7, "worse")):
        row = version_differences(rows(0.8, 3000, 1), rows(accuracy, 2000, 2))[0]
        assert (row.metric, row.rows, row.verdict) == ("accuracy", 5000, verdict)
        assert row.low < row.difference < row.high


def test_few_rows_of_one_version_have_no_verdict():
    (main, *_) = version_differences(rows(0.8, 5000, 1), rows(0.2, 40, 2))
    assert main.verdict == "not_shown" and main.low is None


@pytest.mark.parametrize("labelled", [(False, False), (True, False), (False, True)])
def test_without_labels_on_both_sides_only_predictions_are_compared(labelled):
    before, after = (rows(0.8, 500, n, own) for n, own in enumerate(labelled))
    own = version_differences(before, after)
    assert {row.metric for row in own} == {"prediction_rate", "prediction_js"}
    assert {row.verdict for row in own} == {"not_shown"}
    assert version_differences([], []) == []


def test_numbers_of_whole_minutes_are_not_classes():
    """The task is that of both sides together, or the setting."""
    before = [LabelledPrediction(float(n % 7), n % 5) for n in range(300)]
    after = [LabelledPrediction(n % 7 + 0.5, n % 5) for n in range(300)]
    assert version_differences(before, after)[0].metric == "mae"
    assert version_differences(before, before, ModelForm("regression"))[0].metric == "mae"


def test_values_that_cannot_be_compared_are_one_clear_line():
    odd = [LabelledPrediction("cat", n % 2) for n in range(200)]
    with pytest.raises(InputError, match="version after such as 'cat' and labels such as"):
        version_differences(rows(0.8, 200, 1), odd)
