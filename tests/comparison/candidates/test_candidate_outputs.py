"""Outputs under other ids than the exchanges' own."""

from __future__ import annotations

import pytest

from modeltap.comparison.candidates.candidate_outputs import CandidateOutput, CandidateOutputs
from modeltap.errors import InputError


def outputs(**predictions):
    return CandidateOutputs("f", {(name, 0): CandidateOutput(p) for name, p in predictions.items()})


def test_two_ids_of_one_row_count_once():
    own = outputs(a=1, order=1).renamed({"order": "a"})
    assert list(own.by_row) == [("a", 0)] and own.left_out == {"repeated candidate rows": 1}


def test_two_ids_of_one_row_with_different_predictions_are_an_error():
    with pytest.raises(InputError, match="two predictions of row 0 of 'a', one of them as 'order'"):
        outputs(a=1, order=2).renamed({"order": "a"})


def test_an_id_of_several_requests_names_none():
    own = outputs(a=1, trace=1).renamed({"trace": None})
    assert own.left_out == {"candidate rows whose id several requests have": 1}
