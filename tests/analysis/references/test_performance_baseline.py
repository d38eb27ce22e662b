"""The model's performance in its reference, where enough rows have both values."""

from __future__ import annotations

import numpy as np
import pytest

from modeltap.analysis.references.performance_baseline import learn_baseline
from modeltap.errors import InputError


def test_errors_are_absolute_and_bias_has_a_sign():
    rng = np.random.default_rng(0)
    labels = rng.normal(10, 3, size=500)
    predictions = labels + 1 + rng.normal(size=500)
    found = learn_baseline(predictions.tolist(), labels.tolist())
    errors = predictions - labels
    assert (found.task, found.rows) == ("regression", 500)
    assert found.mean == pytest.approx(np.abs(errors).mean())
    assert found.bias == pytest.approx(errors.mean()) and found.bias == pytest.approx(1, abs=0.2)
    assert found.variance == pytest.approx(np.abs(errors).var(ddof=1))


def test_accuracy_is_of_the_rows_with_both_values():
    found = learn_baseline(["a"] * 40 + [None] * 9 + ["b"] * 10, ["a"] * 50 + [None] * 9)
    assert (found.task, found.rows) == ("classification", 41)
    assert found.mean == pytest.approx(40 / 41)
    assert found.variance == pytest.approx(found.mean * (1 - found.mean))


@pytest.mark.parametrize(
    ("predictions", "labels"),
    [
        (None, [1.5] * 99),
        ([1.5] * 99, [None] * 99),
        ([1.5] * 29, [2.5] * 29),
        (["a"] * 29, ["a"] * 29),
    ],
)
def test_of_too_few_rows_nothing_is_learnt(predictions, labels):
    assert learn_baseline(predictions, labels) is None


def test_columns_of_different_lengths_are_an_error():
    with pytest.raises(InputError, match=r"\d"):
        learn_baseline([1.5] * 40, [1.5] * 41)
