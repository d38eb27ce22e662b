"""Inference of the task from labels and predictions."""

from __future__ import annotations

import numpy as np
import pytest

from modeltap.analysis.model.baseline import GroupBaseline, infer_task, is_unknown, listed
from modeltap.analysis.model.moments import Moments
from modeltap.analysis.model.reference import Reference


@pytest.mark.parametrize(
    ("labels", "predictions", "task"),
    [
        ([True, False], [], "classification"),
        ([0, 1, 2] * 9, [0, 1, 2], "classification"),
        ([0.0, 1.0], [1.0], "classification"),
        ([0, 1], [0.25, 0.75], "classification"),
        (["1", "2"], [1.5], "regression"),
        (["1", "2"], ["1", "2"], "classification"),
        (["01", "02"], [1.5], "classification"),
        (["1", "two"], [1.5], "classification"),
        ([*map(str, range(20)), "cancelled"], [1.5], "regression"),
        ([*range(10), *map(str, range(20)), "cancelled"], [1.5], "regression"),
        ([*map(str, range(8)), "cancelled", "lost"], [1.5], "classification"),
        ([*"12312312312", "other"], [1, 2, 3], "classification"),
        (["50.25", "61.5"] * 9, [f"{n}.5" for n in range(11)], "regression"),
        (["0.5", "1.5"] * 9, ["0.5", "1.5"], "classification"),
        (["a", "b"] * 9, [f"{n}.5" for n in range(11)], "classification"),
        ([227, 131], ["220.4", "140.9"], "regression"),
        ([0, 1], [93.5, 12.25, 0.5], "classification"),
        ([0, 1], [1.5, 0.25, 0.75], "regression"),
        (range(11), [], "regression"),
        ([1, 2.5], [], "regression"),
        ([1, 2], [1.5], "regression"),
        ([1, 2], [float("inf"), float("nan")], "classification"),
    ],
)
def test_few_whole_numbers_are_classes_unless_a_prediction_is_a_quantity(labels, predictions, task):
    assert infer_task(list(labels), predictions) == task
    with_gaps = [None, float("nan"), *labels]
    assert infer_task(with_gaps, predictions) == task
    if not any(isinstance(label, str | bool) for label in labels):
        assert infer_task(np.array(list(labels)), np.array(predictions)) == task


def test_none_and_nan_are_unknown_values():
    assert all(map(is_unknown, [None, float("nan"), np.float64("nan")]))
    assert not any(map(is_unknown, [0, "", False, "nan"]))
    assert [type(value) for value in listed(np.array([1, 2]))] == [int, int]


RATE_OF_A_GROUP = Moments(100, 0.25, 0.1875, 0.09375)
GROUPS = GroupBaseline(
    key="k",
    rates={"sex": {"sex=F": {"tpr": RATE_OF_A_GROUP}, "sex=M": {}}},
    variation={"sex": {"tpr": 0.02}},
    newest_label=7,
)


def test_the_treatment_of_groups_is_stored_with_its_reference():
    """And does not change the reference's id, which only depends on bins."""
    reference = Reference(model="m", version="", source="", rows=100, features=(), groups=GROUPS)
    read = Reference.from_json(reference.to_json())
    assert read.groups == GROUPS
    assert read.id == Reference(model="m", version="", source="", rows=100, features=()).id


def test_only_groups_with_the_rate_are_returned():
    assert GROUPS.of("sex", "tpr") == {"sex=F": RATE_OF_A_GROUP}
    assert GROUPS.of("race", "tpr") == {} and GROUPS.names("race") == set()
