"""Outputs of functions: predictions in any common form, and one clear line for anything else."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from modeltap.comparison.candidates.function_outputs import feature_arrays, outputs_from
from modeltap.errors import InputError

FEATURES = feature_arrays({"x": [1, 2, 3], "s": ["a", None, "c"]})


class Column:
    """A column of a data frame."""

    def __init__(self, values):
        self.values = values

    def to_numpy(self):
        return np.array(self.values)


@pytest.mark.parametrize(
    "answer",
    [
        [1, 2, 3],
        (1, 2, 3),
        np.array([1, 2, 3]),
        np.array([[1], [2], [3]]),
        [np.int64(1), np.int64(2), np.int64(3)],
        Column([1, 2, 3]),
        {"prediction": [1, 2, 3]},
    ],
    ids=lambda answer: type(answer).__name__,
)
def test_usual_forms_are_predictions(answer):
    assert outputs_from(lambda _: answer, FEATURES, 3).predictions == [1, 2, 3]


def test_scores_may_come_with_predictions():
    answer = {"prediction": ["a", "b", "a"], "score": np.array([0.9, 0.8, 0.7])}
    assert outputs_from(lambda _: answer, FEATURES, 3) == (["a", "b", "a"], [0.9, 0.8, 0.7])


@pytest.mark.parametrize(
    ("answer", "match"),
    [
        (None, "returned None; return an array or a list of 3 predictions"),
        ("abc", "returned 'abc'"),
        (3.5, "returned 3.5"),
        (iter([1, 2, 3]), "returned <list_iterator"),
        ([1, 2], "returned 2 predictions for 3 rows"),
        ([1, 2, 3, 4], "returned 4 predictions for 3 rows"),
        (np.zeros((3, 2, 2)), r"array of shape \(3, 2, 2\)"),
        (np.array(1.0), r"array of shape \(\)"),
        ([[], [], []], "prediction of type list"),
        ([{}, {}, {}], "prediction of type dict"),
        ([1, object(), 3], "prediction of type object"),
        ({"y": [1, 2, 3]}, "without 'prediction'; it has 'y'"),
        ({}, "without 'prediction'; it has no key"),
        ({"prediction": [1, 2, 3], "score": [1]}, "returned 1 predictions for 3 rows"),
    ],
)
def test_anything_else_is_one_clear_line(answer, match):
    with pytest.raises(InputError, match=match):
        outputs_from(lambda _: answer, FEATURES, 3)


@pytest.mark.parametrize("error", [ValueError("bad\ninput"), KeyError("y"), RecursionError()])
def test_an_exception_has_its_place(error):
    def predict(_features):
        raise error

    with pytest.raises(
        InputError, match=rf"raised {type(error).__name__}: .*test_function_outputs"
    ):
        outputs_from(predict, FEATURES, 3)
    with pytest.raises(InputError, match="raised SystemExit"):
        outputs_from(lambda _: sys.exit(0), FEATURES, 3)


def test_features_are_arrays_of_their_type():
    columns = {"i": [1, None], "f": [0.5, None], "b": [True, False], "mixed": [1, "a"]}
    arrays = feature_arrays(columns)
    assert np.isnan(arrays["i"][1]) and np.isnan(arrays["f"][1])
    assert arrays["b"].dtype == np.bool_ and arrays["mixed"].tolist() == ["1", "a"]
    assert feature_arrays({"empty": []})["empty"].shape == (0,)
