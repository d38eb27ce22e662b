"""The user's own mapping of a model's bodies."""

from __future__ import annotations

import json

import pytest

from modeltap.config import sources
from modeltap.config.mapping_settings import MappingSettings
from modeltap.decoding.decoders import Decoders
from modeltap.errors import ConfigError
from modeltap.payload import Payload
from stores import analyze, every, put, read


def decoded(request, response, **mapping):
    payload = Payload(
        "/score",
        None,
        200,
        json.dumps(request),
        json.dumps(response),
        mapping=MappingSettings(**mapping),
    )
    return Decoders().decode(payload)


def test_rows_and_answers_stand_where_the_paths_say():
    """Each is JMESPath: into objects, through lists."""
    found = decoded(
        {"job": {"id": 7, "items": [{"in": {"x": 1}}, {"in": {"x": 2}}]}},
        {"out": [{"y": "a", "p": [0.9, 0.1]}, {"y": "b", "p": [0.2, 0.8]}], "conf": [0.9, 0.8]},
        rows="job.items[].in",
        id="job.id",
        prediction="out[].y",
        probabilities="out[].p",
        score="conf",
    )
    assert found.rows == [{"x": 1}, {"x": 2}]
    assert (found.predictions, found.scores, found.id) == (["a", "b"], [0.9, 0.8], "7")
    assert found.probabilities == [[0.9, 0.1], [0.2, 0.8]]
    assert found.note is None


@pytest.mark.parametrize(
    ("request_", "mapping", "rows"),
    [
        ({"v": [[1, 2], [3, 4]]}, {"rows": "v"}, [{"f0": 1, "f1": 2}, {"f0": 3, "f1": 4}]),
        ({"v": [1, 2]}, {"rows": "v", "columns": ("a", "b")}, [{"a": 1, "b": 2}]),
        ({"x": 1}, {"prediction": "y"}, [{"x": 1}]),
    ],
)
def test_lists_are_named_by_the_columns_or_numbered(request_, mapping, rows):
    """One flat list is one row; without `rows` the document itself is."""
    assert decoded(request_, {"y": 5}, **mapping).rows == rows


@pytest.mark.parametrize("path", ["p", "p[]"])
def test_a_score_alone_is_the_prediction(path):
    found = decoded({"x": 1}, {"p": [0.93] if path == "p[]" else 0.93}, score=path)
    assert (found.predictions, found.scores, found.note) == ([0.93], [None], None)


def test_probabilities_alone_give_the_prediction():
    """The place of the largest; of one row a plain list is its distribution."""
    found = decoded({"x": 1}, {"p": [0.1, 0.9]}, rows="@", probabilities="p")
    assert (found.predictions, found.probabilities) == ([1], [[0.1, 0.9]])


def test_what_the_paths_do_not_find_is_said():
    """And rows without a prediction are kept."""
    assert decoded({"x": 1}, {}, rows="y").note == "request: no value at mapping.rows = 'y'"
    found = decoded({"x": 1}, {"z": 1}, rows="@", prediction="y")
    assert (found.rows, found.note) == ([{"x": 1}], "response: no value at the mapping's paths")
    found = decoded([{"x": 1}, {"x": 2}], {"y": [1]}, rows="@", prediction="y")
    assert found.note == "unpaired: 2 rows, 1 predictions" and len(found.rows) == 2


def test_columns_alone_leave_the_protocol_to_be_found_out():
    """They only name what has no names."""
    found = decoded([[1, 2]], [3], columns=("a", "b"))
    assert (found.rows, found.predictions) == ([{"a": 1, "b": 2}], [3])


@pytest.mark.parametrize(
    ("mapping", "words"),
    [
        ({"rows": "a["}, "mapping.rows = 'a[' is not a valid JMESPath"),
        ({"row": "a"}, "did you mean 'rows'"),
    ],
)
def test_a_wrong_mapping_is_told_at_the_start(mapping, words):
    """In the file, or as a keyword."""
    with pytest.raises(ConfigError) as caught:
        sources.load({"models": {"m": {"mapping": mapping}}}, environ={})
    assert words in str(caught.value)


def test_a_models_mapping_counts_in_the_analysis(store):
    """Also where exchanges are many enough to be decoded at once."""
    bodies = [{"q": {"x": n}, "noise": [1]} for n in range(200)]
    answers = [json.dumps({"r": {"v": n * 2.0}}) for n in range(200)]
    put(store, every(1, 200), bodies, responses=answers)
    analyze(store, {"models": {"m": {"mapping": {"rows": "q", "prediction": "r.v"}}}})
    found = read(store, "select prediction from predictions order by seq")
    assert [row["prediction"] for row in found] == [n * 2.0 for n in range(200)]
