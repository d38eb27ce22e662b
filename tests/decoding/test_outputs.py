"""Predictions as columns: one, or several by name."""

from __future__ import annotations

import pytest

from modeltap.decoding.outputs import (
    OutputLists,
    may_have_outputs,
    output_columns,
    outputs_of,
    storable_output,
    storable_outputs,
    unify_forms,
)


@pytest.mark.parametrize(
    "prediction", ["cat", "[cat]", "{", "1", 1, 0.5, None, "", '"a"', ["a"], [[1]]]
)
def test_a_single_prediction_has_no_named_outputs(prediction):
    """Nor does text that only begins like JSON."""
    assert outputs_of(prediction) is None


@pytest.mark.parametrize("several", [{"a": 1, "b": "x"}, '{"a": 1, "b": "x"}'])
def test_several_outputs_have_columns_of_their_names(several):
    """As decoded and as stored, and together with single predictions."""
    output = output_columns([several, 7, None], [0.5, None, None])
    assert output == {
        "prediction.a": [1, None, None],
        "prediction.b": ["x", None, None],
        "prediction": [None, 7, None],
        "score": [0.5, None, None],
    }


def test_texts_are_columns_of_texts():
    """Text that does not begin like JSON is not parsed."""
    assert output_columns(["a", "b"], [None, None]) == {"prediction": ["a", "b"]}


def test_missing_outputs_have_no_columns():
    """Exchanges without any output add no columns."""
    assert output_columns([None, None], [None, None]) == {}


@pytest.mark.parametrize(
    "other", [None, 0.5, 7, "cat", "é", "\ud800", "", 2**63, -(2**63), 2**2000]
)
@pytest.mark.parametrize("another", [[1, 2], {"a": 1}, True, 3, "dog", None])
def test_outputs_are_stored_as_each_by_itself(other, another):
    values = [other, another, 1.5, other]
    expected = [storable_output(value) for value in values]
    stored = list(storable_outputs(values))
    assert [(type(value), value) for value in stored] == [(type(v), v) for v in expected]


@pytest.mark.parametrize(
    ("predictions", "expected"),
    [
        (["a", "b"], False),
        (["a", None, 1], False),
        (["a", ' {"b": 1}'], True),
        (["a", [1]], True),
        ([{"a": 1}, 2], True),
        (['"a"'], True),
        ([], False),
    ],
)
def test_texts_that_begin_like_json_may_have_outputs(predictions, expected):
    assert may_have_outputs(predictions) is expected


def unified(*rows):
    """Rows of (prediction, score, probabilities, answer), after `unify_forms`."""
    outputs = OutputLists(*map(list, zip(*rows, strict=True)))
    unify_forms(outputs)
    return list(zip(*outputs, strict=True))


SEVERAL = {
    "by name": ({"a": 0.5, "b": 0.75}, ("b", 0.75, {"a": 0.25, "b": 0.75}, {"k": 1})),
    "in a list": ([0.5, 0.75], (1, 0.75, [0.25, 0.75], {"k": 1})),
}


@pytest.mark.parametrize("form", SEVERAL)
def test_scores_that_sum_to_one_by_chance_are_outputs(form):
    outputs, chances = SEVERAL[form]
    rows = [(outputs, None, None, None)] * 9 + [chances]
    assert unified(*rows) == [*rows[:9], (chances[2], None, None, {"k": 1})]


@pytest.mark.parametrize("form", SEVERAL)
def test_probabilities_that_do_not_sum_to_one_are_probabilities(form):
    outputs, chances = SEVERAL[form]
    rows = [chances] * 9 + [(outputs, None, None, {"k": 1})]
    label = max(outputs, key=outputs.get) if type(outputs) is dict else 1
    assert unified(*rows) == [*rows[:9], (label, 0.75, outputs, {"k": 1})]
    beyond = ([1.5, 2.5] if type(outputs) is list else {"a": 1.5, "b": 2.5}, None, None, None)
    assert unified(*rows, beyond) == [*unified(*rows), beyond]


def test_a_list_of_norm_one_has_the_form_of_the_others():
    vector, outputs = (None, None, None, {"embedding": [0.6, 0.8]}), ([1.5, 2.5], None, None, None)
    assert unified(vector, outputs, outputs)[0] == ([0.6, 0.8], None, None, None)
    assert unified(vector, vector, outputs)[2] == (None, None, None, {"embedding": [1.5, 2.5]})


@pytest.mark.parametrize(
    "row",
    [
        ("cat", 0.75, None, None),
        ("b", 0.25, {"a": 0.75, "b": 0.25}, None),
        (1, 0.75, [0.5, 0.25, 0.25], None),
        ({"a": "high", "b": 0.5}, None, None, None),
        ({"b": 0.5, "c": 0.5}, None, None, None),
        (None, None, None, {"embedding": [1.5, 2.5, 3.5]}),
        (None, 0.5, None, None),
        (None, None, None, None),
    ],
)
def test_other_outputs_stay(row):
    """Labels with probabilities of their own, other names, other lengths, texts."""
    others = [({"a": 0.5, "b": 0.75}, None, None, None)] * 2 + [([0.5, 0.75], None, None, None)] * 2
    assert unified(*others, row) == [*others, row]
