"""Selected, positive and wrong rows from predictions and labels in any form."""

from __future__ import annotations

import numpy as np
import pytest

from modeltap.analysis.fairness.treatment import decisions, outcomes
from modeltap.analysis.performance.positive_class import LabelForm
from modeltap.analysis.references.performance_baseline import learn_baseline

FORM = LabelForm()


def listed(values):
    return [None if np.isnan(value) else value for value in values.tolist()]


@pytest.mark.parametrize(
    ("predictions", "form", "selected"),
    [
        ([1, 0, None], FORM, [1, 0, None]),
        ([True, False], FORM, [1, 0]),
        (["1", "0"], FORM, [1, 0]),
        (["yes", "no"], FORM, [1, 0]),
        ([0.7, 0.2, None], FORM, [1, 0, None]),
        ([0.7, 0.2], LabelForm(decision_threshold=0.8), [0, 0]),
        (["hi", "lo", "hi"], LabelForm("hi"), [1, 0, 1]),
        (["a", "b", "c"], LabelForm("b"), [0, 1, 0]),
        ([-1, 1], FORM, [0, 1]),
        ([0, 0], FORM, [0, 0]),
    ],
)
def test_the_positive_class_is_selected(predictions, form, selected):
    treatment = decisions(predictions, form, None, None)
    assert treatment.problem is None and listed(treatment.selected) == selected


@pytest.mark.parametrize(
    ("predictions", "form", "reason"),
    [
        (["hi", "lo"], FORM, "it is unknown which of two classes"),
        (["hi", "hi"], FORM, "there is one class"),
        (["a", "b", "c"], FORM, "there are 3 classes"),
        (["a", "b"], LabelForm("z"), "the setting positive = 'z'"),
        ([12.5, 99.25, 3.0], FORM, "predictions are numbers"),
        ([{"a": 1}, {"a": 2}], FORM, "several outputs"),
    ],
)
def test_without_a_positive_class_there_is_a_reason(predictions, form, reason):
    treatment = decisions(predictions, form, None, None)
    assert reason in treatment.problem and np.isnan(treatment.selected).all()


def test_zeros_and_ones_are_scores_if_the_reference_has_scores():
    """A window in which all scores happen to be 0 or 1."""
    labels = [1, 0] * 50
    baseline = learn_baseline([0.9, 0.1] * 50, labels)
    assert listed(decisions([1, 0, 0], FORM, None, baseline).selected) == [1, 0, 0]


def test_unlabelled_rows_are_unknown_and_not_wrong():
    treatment = outcomes([1, 0, 1, None], [1, 1, None, 0], FORM, None, None)
    assert listed(treatment.selected) == [1, 0, None, None]
    assert listed(treatment.positive) == [1, 1, None, None]
    assert listed(treatment.wrong) == [0, 1, None, None]


@pytest.mark.parametrize("labels", [[True, False, True], ["1", "0", "1"], [1.0, 0.0, 1.0]])
@pytest.mark.parametrize("predictions", [[1, 1, 0], [True, True, False], ["true", "true", "false"]])
def test_booleans_digits_and_texts_are_the_same_classes(predictions, labels):
    treatment = outcomes(predictions, labels, FORM, None, None)
    assert listed(treatment.wrong) == [0, 1, 1] and listed(treatment.positive) == [1, 0, 1]


def test_several_classes_are_wrong_or_right_without_a_positive_one():
    treatment = outcomes(["a", "b", "c"], ["a", "c", "c"], FORM, None, None)
    assert "3 classes" in treatment.problem and listed(treatment.wrong) == [0, 1, 0]
    assert np.isnan(treatment.positive).all()


def test_numbers_have_errors():
    treatment = outcomes([10.5, 20.25, None], [11, 25.0, 3], FORM, None, None)
    assert treatment.task == "regression" and listed(treatment.error) == [0.5, 4.75, None]


def test_labels_that_cannot_be_compared_have_a_reason():
    treatment = outcomes([0.9, 0.1], ["cat", "dog"], FORM, None, None)
    assert treatment.problem and np.isnan(treatment.wrong).all()
