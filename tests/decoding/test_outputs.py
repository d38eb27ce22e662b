"""Predictions as columns: one, or several by name."""

from __future__ import annotations

import pytest

from modeltap.decoding.outputs import (
    may_have_outputs,
    output_columns,
    outputs_of,
    storable_output,
    storable_outputs,
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
