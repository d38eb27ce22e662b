"""Predictions as columns: one, or several by name."""

from __future__ import annotations

import pytest

from modeltap.decoding.outputs import output_columns, outputs_of


@pytest.mark.parametrize(
    "prediction", ["cat", "[cat]", "{", "1", 1, 0.5, None, "", '"a"', ["a"], [[1]]]
)
def test_a_single_prediction_is_no_output_among_others(prediction):
    """Nor is a text that only begins as JSON does."""
    assert outputs_of(prediction) is None


@pytest.mark.parametrize("several", [{"a": 1, "b": "x"}, '{"a": 1, "b": "x"}'])
def test_several_outputs_have_columns_of_their_names(several):
    """As decoded and as stored; beside single ones."""
    found = output_columns([several, 7, None], [0.5, None, None])
    assert found == {
        "prediction.a": [1, None, None],
        "prediction.b": ["x", None, None],
        "prediction": [None, 7, None],
        "score": [0.5, None, None],
    }


def test_texts_are_columns_of_texts():
    """Nothing is looked for in what does not begin as JSON does."""
    assert output_columns(["a", "b"], [None, None]) == {"prediction": ["a", "b"]}


def test_nothing_is_no_column():
    """Of answers that were not found."""
    assert output_columns([None, None], [None, None]) == {}
