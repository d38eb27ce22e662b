"""Outcomes of labelled rows in the form of their baseline."""

from __future__ import annotations

import math

import numpy as np
import pytest

from modeltap.analysis.estimation.outcomes import outcomes
from modeltap.analysis.performance.positive_class import LabelForm
from modeltap.analysis.references.performance_baseline import learn_baseline

FORM = LabelForm()


@pytest.mark.parametrize("bad", [None, math.nan, "late", [1.5]])
def test_rows_without_two_numbers_are_left_out(bad):
    known = learn_baseline([1.5] * 40, [2.25] * 40)
    own = outcomes([1.5, bad, "3.5"], [1.0, 2.0, 4.5], None, known, FORM)
    assert own.places.tolist() == [0, 2]
    assert own.outputs.tolist() == [1.5, 3.5] and own.labels.tolist() == [1.0, 4.5]


def test_scores_of_two_classes_are_those_of_the_positive_one():
    scores, labels = [0.25, 0.75] * 40, [0, 1] * 40
    known = learn_baseline(scores, labels)
    own = outcomes([0.25, 0.75, None], [1, 1, 0], None, known, FORM)
    assert own.outputs.tolist() == [0.25, 0.75] and own.labels.tolist() == [1.0, 1.0]


def test_scores_of_the_predicted_class_are_turned_to_the_positive_one():
    names, truth = ["no", "yes"] * 40, ["no", "yes"] * 40
    known = learn_baseline(names, truth, scores=[0.75] * 80)
    own = outcomes(["no", "yes"], ["yes", "yes"], [0.75, 0.625], known, FORM)
    assert own.outputs.tolist() == [0.25, 0.625] and own.labels.tolist() == [1.0, 1.0]


@pytest.mark.parametrize(
    ("scores", "outputs"), [(None, [math.nan] * 2), ([0.5, "high"], [0.5, math.nan])]
)
def test_several_classes_are_right_or_wrong(scores, outputs):
    known = learn_baseline(["a", "b", "c"] * 40, ["a", "b", "a"] * 40)
    own = outcomes(["a", "b"], ["a", "c"], scores, known, FORM)
    assert own.labels.tolist() == [1.0, 0.0]
    np.testing.assert_array_equal(own.outputs, outputs)


def test_values_that_cannot_be_compared_have_no_outcome():
    known = learn_baseline([1.5] * 40, [2.25] * 40)
    assert not len(outcomes(["a", "b"], ["c", "d"], None, known, FORM).places)
