"""A batch's predictions as a candidate's rows."""

from __future__ import annotations

from modeltap.decoding.candidate_predictions import predictions_by_exchange
from modeltap.decoding.row_batch import Batch


def test_rows_without_an_output_are_left_out():
    """A score alone is one; several outputs are JSON, as in the model's own rows."""
    batch = Batch(
        ids=["a", "a", "b", "c"],
        row_numbers=[0, 1, 0, 0],
        predictions=[{"x": 1}, None, None, 3],
        scores=[None, None, 0.5, None],
        probabilities=[None, None, None, [0.25, 0.75]],
    )
    rows = predictions_by_exchange(batch)
    assert [tuple(row) for own in rows.values() for row in own] == [
        ("a", 0, '{"x":1}', None, None),
        ("b", 0, None, 0.5, None),
        ("c", 0, 3, None, "[0.25, 0.75]"),
    ]
