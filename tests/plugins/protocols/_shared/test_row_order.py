"""Responses in another order than the rows of the request."""

from __future__ import annotations

import json
from itertools import permutations

import pytest

from modeltap.decoding.decoders import Decoders
from modeltap.payload import Payload

ROWS = [{"id": f"c{n}", "x": n, "group_id": 1} for n in range(3)]
FORMS = {
    "the same id": lambda n: {"id": f"c{n}", "score": n / 8},
    "an id of another name": lambda n: {"candidate_id": f"c{n}", "score": n / 8},
    "its place": lambda n: {"index": n, "score": n / 8},
    "camel case": lambda n: {"score": n / 8, "itemId": f"c{n}"},
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_values_that_name_their_rows_are_paired_with_them(form, order):
    """As in rankings, which are sorted by score."""
    values = [FORMS[form](n) for n in order]
    for answer in (values, {"ranking": values}, {"results": values, "model": "m"}):
        assert predictions(ROWS, answer) == [0.0, 0.125, 0.25]


@pytest.mark.parametrize(
    "values",
    [
        [{"id": "c1", "p": 4}, {"id": "c1", "p": 5}, {"id": "c0", "p": 6}],
        [{"id": "c2", "p": 4}, {"id": "c1", "p": 5}, {"id": "c9", "p": 6}],
        [{"index": 1, "p": 4}, {"index": 2, "p": 5}, {"index": 3, "p": 6}],
        [{"id": None, "p": 4}, {"id": [1], "p": 5}, {"id": {}, "p": 6}],
        [{"p": 4}, {"p": 5}, {"p": 6}],
    ],
)
def test_other_values_stay_in_their_order(values):
    """With repeated, unknown or no ids."""
    assert predictions(ROWS, values) == [4, 5, 6]


def predictions(rows, answer):
    decoded = Decoders().decode(
        Payload("/rank", None, 200, json.dumps({"items": rows, "k": 3}), json.dumps(answer))
    )
    return decoded.predictions
