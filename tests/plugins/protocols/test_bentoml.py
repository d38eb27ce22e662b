"""BentoML: arguments by name; no pickle is ever loaded."""

from __future__ import annotations

import json
import os
import pickle

import pytest

from modeltap.decoding.decoders import Decoders
from modeltap.payload import Payload

HEADERS = {"x-bentoml-request-id": "a797254862c907bb"}
PICKLE = "application/vnd.bentoml+pickle"


def decoded(request, response, path="/predict", **more):
    said = {"response_headers": HEADERS, **more}
    return Decoders().decode(Payload(path, None, 200, request, response, **said))


class Bomb:
    """The effect that a pickle may have."""

    def __reduce__(self):
        return os.mkdir, ("loaded",)


@pytest.mark.parametrize("side", ["request", "response"])
def test_a_pickle_is_never_loaded(side, tmp_path):
    """It is named in the note; nothing that it says is done."""
    raw = pickle.dumps(Bomb())
    if side == "request":
        found = decoded(raw, "[1]", request_type=PICKLE)
        assert found.rows == []
    else:
        found = decoded('{"x": 1}', raw, response_type=PICKLE)
        assert found.rows == [{"x": 1}]
    assert found.note == f"{side}: a pickle, which is never loaded"
    assert found.id == "a797254862c907bb"
    assert not (tmp_path / "loaded").exists()


@pytest.mark.parametrize(
    ("request_", "response", "rows"),
    [
        ({"a": [1, 2], "b": [3, 4]}, [0, 1], [{"a": 1, "b": 3}, {"a": 2, "b": 4}]),
        ({"a": [1, 2], "b": [3, 4]}, {"label": "x"}, [{"a": [1, 2], "b": [3, 4]}]),
        ({"a": [1, 2], "b": [3]}, [0], [{"a": [1, 2], "b": [3]}]),
        ({"x": [1, 2, 3]}, [0.125, 0.25, 0.625], [{"x": [1, 2, 3]}]),
        ({"x": [1, 2, 3]}, {"probs": [0.125, 0.25, 0.625]}, [{"x": [1, 2, 3]}]),
        ({"x": [[1], [2]]}, [0.25, 0.75], [{"f0": 1}, {"f0": 2}]),
        ({"df": {"a": [1, 2]}}, [0, 1], [{"a": 1}, {"a": 2}]),
        (
            {"rows": [[1], [2]], "by": 3},
            {"labels": [0, 1]},
            [{"f0": 1, "by": 3}, {"f0": 2, "by": 3}],
        ),
        ({"rows": [[1], [2]], "by": 3}, 0, [{"rows": [[1], [2]], "by": 3}]),
        ({"x": 1.5, "y": {"z": 2}}, 0, [{"x": 1.5, "y": {"z": 2}}]),
        ([[1, 2], [3, 4]], [0, 1], [{"f0": 1, "f1": 2}, {"f0": 3, "f1": 4}]),
    ],
)
def test_what_is_a_row_is_told_by_the_answer(request_, response, rows):
    """N values make lists of N columns; one makes them vectors."""
    found = decoded(json.dumps(request_), json.dumps(response))
    assert (found.rows, found.note) == (rows, None)


def test_a_distribution_is_the_answer_for_one_row():
    """Of a vector there is one class, not a prediction for each of its numbers."""
    found = decoded('{"x": [1, 2, 3]}', "[0.125, 0.25, 0.625]")
    assert (found.predictions, found.probabilities) == ([2], [[0.125, 0.25, 0.625]])


def test_other_apps_in_a_service_are_theirs():
    """Mounted beside it, they get its header, too."""
    request = json.dumps({"instances": [[1, 2]]})
    found = decoded(request, '{"predictions": [1]}', "/v1/models/m:predict")
    assert (found.rows, found.id) == ([{"f0": 1, "f1": 2}], None)


def test_no_arguments_are_noted():
    """A call may have none."""
    assert decoded("{}", "1").note == "request: no rows"
