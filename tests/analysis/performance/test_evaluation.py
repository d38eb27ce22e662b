"""Performance from labels."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pytest

from bad_columns import CASES, INFINITE, WINDOW, check_finite
from modeltap.analysis.explanations.explain import explained
from modeltap.analysis.model.baseline import Baseline, Task, infer_task
from modeltap.analysis.model.metric import Metric
from modeltap.analysis.performance import evaluation as performance
from modeltap.analysis.performance.labelled import LabelledContext
from modeltap.analysis.references.performance_baseline import learn_baseline
from modeltap.errors import InputError

rng = np.random.default_rng(3)


def metrics_of(*arguments, **options):
    context = LabelledContext(*arguments, **options)
    return {m.metric: m for m in explained(performance.evaluate(context))}


def test_spellings_of_a_class_are_the_same_class():
    """1, 1.0 and "1"; true and True."""
    result = metrics_of(
        "classification", [1, "1", 1.0, "true"], ["1", 1, 1, True], None, min_rows=4
    )
    assert result["accuracy"].value == 1.0


def test_lengths_must_agree_and_shapes_never_broadcast():
    """(n,) against (m,) raises an error with a clear message."""
    with pytest.raises(InputError, match="3 predictions and 2 labels"):
        performance.evaluate(LabelledContext("regression", [1, 2, 3], [1, 2], None))


@pytest.mark.parametrize("values", [np.ones((5, 1)), np.ones((5, 2))])
def test_a_second_dimension_is_a_clear_error(values):
    """NumPy would make (5, 5) errors of (5, 1) and (5,)."""
    for task in ("regression", "classification"):
        with pytest.raises(InputError, match=r"predictions of shape \(5, "):
            performance.evaluate(LabelledContext(task, values, np.ones(5), None))


def test_a_missing_label_is_not_a_class():
    """NaN and None pairs are left out."""
    result = metrics_of(
        "classification", [1, 2, float("nan"), 1], [1, 2, float("nan"), None], None, min_rows=2
    )
    assert result["accuracy"].rows == 2


def test_huge_values_and_empty_windows_give_no_infinity():
    """Squares beyond the floats, one row, none: no warning, no NaN."""
    for predictions in ([1e200] * 5, [1.0], []):
        labels = [-1e200] * len(predictions)
        for metric in performance.evaluate(
            LabelledContext("regression", predictions, labels, None, min_rows=1)
        ):
            assert metric.value is None or np.isfinite(metric.value)
    assert learn_baseline([1e200] * 40, [-1e200] * 40, "regression") is None


def test_learning_from_unequal_lengths_is_a_clear_error():
    """Like their evaluation."""
    with pytest.raises(InputError, match="40 predictions and 41 labels"):
        learn_baseline([1.0] * 40, [1.0] * 41, "regression")


def test_the_task_is_learnt_from_arrays_too():
    """NaN among classes, NumPy's numbers, integers beyond the floats."""
    assert infer_task([0.0, 1.0, float("nan")]) == "classification"
    assert infer_task(rng.normal(size=50)) == "regression"
    assert infer_task([10**400, 1.5]) == "regression"
    # A handful of whole numbers are classes only if predictions may be.
    assert infer_task([227, 131, None], [None, 220.4, 1.0]) == "regression"
    assert infer_task([1, 2], [float("nan"), float("inf"), 1.0]) == "classification"


Found = Iterable[Metric]


TRUTH = np.random.default_rng(8).normal(100, 20, size=2 * WINDOW).tolist()

CLASSES = ["a"] * WINDOW + ["b"] * (WINDOW // 3) + ["a"] * (WINDOW - WINDOW // 3)


def missing(case: str) -> list[Any]:
    """Return a case's values; a prediction or label that is absent is None."""
    values = CASES[case]
    return [None] * WINDOW if values is None else values


def record(task: Task) -> Baseline:
    noise = np.random.default_rng(9).normal(0, 5, size=len(TRUTH))
    right = ["a"] * (2 * WINDOW - 60) + ["b"] * 60
    result = (
        learn_baseline((np.array(TRUTH) + noise).tolist(), TRUTH, task)
        if task == "regression"
        else learn_baseline(right, ["a"] * 2 * WINDOW, task)
    )
    assert result is not None
    return result


@pytest.mark.parametrize("case", CASES)
def test_bad_predictions_leave_the_error_of_the_others(case):
    """Half of a window's are bad; the error of 10 in the other half is detected."""
    biased = (np.array(TRUTH[WINDOW:]) + 10).tolist()
    result = performance.evaluate(
        LabelledContext("regression", missing(case) + biased, TRUTH, record("regression"))
    )
    check_finite(result)
    if case != "one 1e12":  # its own spread is that of all the others
        assert result[0].verdict == "alert" and result[0].rows >= WINDOW


@pytest.mark.parametrize("case", CASES)
def test_bad_labels_leave_the_error_of_the_others(case):
    """The reverse: half of the labels are bad."""
    biased = (np.array(TRUTH) + 10).tolist()
    result = performance.evaluate(
        LabelledContext("regression", biased, missing(case) + TRUTH[WINDOW:], record("regression"))
    )
    check_finite(result)
    if case != "one 1e12":
        assert result[0].verdict == "alert" and result[0].rows >= WINDOW


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("bad", ["predictions", "labels"])
def test_bad_classes_leave_the_accuracy_of_the_others(case, bad):
    """A third of the good half are wrong, which is detected for any bad half."""
    arguments, right = missing(case) + CLASSES[WINDOW:], ["a"] * 2 * WINDOW
    pair = (arguments, right) if bad == "predictions" else (right, arguments)
    result = performance.evaluate(
        LabelledContext("classification", *pair, record("classification"))
    )
    check_finite(result)
    assert result[0].metric == "accuracy" and result[0].verdict == "alert"
    assert result[0].rows >= WINDOW


@pytest.mark.parametrize("case", [case for case in CASES if case not in INFINITE])
def test_bad_values_on_both_sides_raise_no_error(case):
    """Learnt from and evaluated, as numbers, as classes, and with an inferred task."""
    values = missing(case)
    assert infer_task(values, values) in ("regression", "classification")
    for task in ("regression", "classification"):
        learnt = learn_baseline(values, values, task)
        for baseline in (learnt, record(task)):
            check_finite(performance.evaluate(LabelledContext(task, values, values, baseline)))
