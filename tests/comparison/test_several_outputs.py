"""Rows of each of several outputs, of one model or of two."""

from __future__ import annotations

from modeltap.comparison.several_outputs import SINGLE, by_output
from modeltap.store.labelled_rows import LabelledPrediction


def test_outputs_by_name_or_position_and_single_ones():
    rows = [LabelledPrediction("[1.5, 2]", "[1, 3]"), LabelledPrediction("[0.5, 1]", None)]
    own = by_output(rows)
    assert [(row.prediction, row.label) for row in own["1"]] == [(2, 3), (1, None)]
    single = [LabelledPrediction("cat", "dog", score=0.5)]
    assert by_output(single) == {SINGLE: single}
    assert by_output([]) == {SINGLE: []}


def test_a_row_without_an_output_is_left_out_of_it():
    rows = [LabelledPrediction({"a": 1, "b": None}, 3), LabelledPrediction({"b": 2}, {"b": 4})]
    own = by_output(rows)
    assert [(row.prediction, row.label) for row in own["a"]] == [(1, None)]
    assert [(row.prediction, row.label) for row in own["b"]] == [(2, 4)]
