"""Reading: decoding many at once gives what decoding each gives."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modeltap.analysis.counting.tally import tally
from modeltap.analysis.references.fit import fit
from modeltap.config import sources
from modeltap.decoding import batches as reading
from modeltap.decoding.decoders import Decoders
from modeltap.decoding.row_batch import Batch
from modeltap.store.stored_exchanges import StoredExchange
from modeltap_protocols._shared.json_rows import ROWS_NAMES

rng = np.random.default_rng(0)
REFERENCE = fit(
    {
        "x": rng.normal(size=500).tolist(),
        "n": rng.poisson(2, size=500).tolist(),
        "c": rng.choice(["a", "b", "c"], size=500).tolist(),
        "b": (rng.random(500) < 0.3).tolist(),
        "x.y": rng.normal(size=500).tolist(),
        "e é": rng.normal(size=500).tolist(),
        "prediction": rng.normal(size=500).tolist(),
        "score": rng.normal(size=500).tolist(),
    },
    500,
    model="m",
)
WHEN = "2024-01-01T10:00:00.123Z"

usual = st.fixed_dictionaries(
    {"x": st.floats(-3, 3), "n": st.integers(0, 9), "c": st.sampled_from("abcz")},
    optional={
        "b": st.booleans(),
        "x.y": st.floats(-1, 1),
        "e é": st.just(1.5),
        "when": st.sampled_from([WHEN, "2024-01-01", "soon", None, 1.7e9]),
    },
)
value = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=3),
    st.sampled_from(["a", "b", "\ud800"]),
    st.just(10**400),
    st.just(2**63),
    st.just(-(2**70)),
    st.lists(st.integers(), max_size=2),
    st.just({}),
    st.just({"y": 1.0}),
    st.just({"y": {"z": 1}}),
)
names = st.sampled_from(["x", "n", "c", "b", "x.y", "e é", "new", "when", 'q"', "a\\", "data"])
unusual = st.dictionaries(names, value, max_size=4)
document = st.one_of(usual, usual, usual, unusual, st.builds(dict.__or__, usual, unusual))
written = st.builds(json.dumps, document, ensure_ascii=st.booleans()).filter(
    lambda text: "\ud800" not in text
)
texts = [
    "",
    "{",
    "[]",
    "7",
    "{} x",
    '{"x": 1, "x": 2, "n": 1, "c": "a"}',
    '{"x": NaN, "n": 1}',
    '{"x": 1e400, "n": 1, "c": "a"}',
    '{"x": 1, "n": 1, "c": "\\ud800"}',
    '[{"x": 1}, {"x": 2}]',
    '{"data": [[1, 2]]}',
    '{"\\u0078": 1, "n": 18446744073709551616, "c": "a"}',
    "\ufeff{}",
    '{"x": -0, "n": 01, "c": "a"}',
    '{"x": ' + "9" * 5000 + ', "n": 1, "c": "a"}',
    '{"a":' * 2000,
]
request = st.one_of(
    *[written] * 4, st.sampled_from(texts), st.none(), st.just(b"\xff"), written.map(str.encode)
)
response = st.one_of(
    *[st.builds(json.dumps, st.fixed_dictionaries({"prediction": value}))] * 3,
    st.builds(json.dumps, value),
    st.none(),
    st.sampled_from(texts),
    st.just('{"label": "a", "score": 0.5}'),
    st.just("[[0.25, 0.75]]"),
    st.just("[1, 2]"),
    st.just('{"prediction": 1, "probabilities": [0.25, 0.75], "took_ms": 3}'),
    st.just('{"label": "a", "score": 0.5, "probabilities": [0.25, "b"]}'),
    st.just('{"predictions": [2.5]}'),
    st.just('{"predictions": [{"a": 1}, {"a": 2}]}'),
)

inner_names = st.sampled_from(
    (
        *("a", "b", "0", "1", "features", "instances", "inputs", "input", "data", "items", "rows"),
        *(
            "columns",
            "names",
            "ndarray",
            "Inputs",
            "messages",
            "prompt",
            "dataframe_split",
            "vector",
        ),
    )
)
inner = st.recursive(
    st.sampled_from([None, True, 1, 2.5, "a", "[1]", '{"a": 1}']),
    lambda values: st.one_of(
        st.lists(values, max_size=2), st.dictionaries(inner_names, values, max_size=2)
    ),
    max_leaves=4,
)
nested = st.one_of(
    st.just({"a": 1, "b": {"c": {"d": "x"}, "e": [1, 2]}}),
    st.just({"features": [1, 2.5]}),
    st.just({"features": {"a": 1, "b": "x"}}),
    st.dictionaries(inner_names, inner, min_size=1, max_size=3),
).map(json.dumps)


def exchanges(bodies: list[tuple[Any, Any]]) -> list[StoredExchange]:
    """As the store gives them."""
    blank = dict.fromkeys(StoredExchange._fields)
    return [
        StoredExchange(
            **blank
            | {
                "seq": seq,
                "id": str(seq),
                "path": "/",
                "status": 500 if seq % 50 == 7 else 200,
                "request_body": asked,
                "response_body": answered,
                "event_time": WHEN,
                "query": "x=1&c=a" if seq % 3 else None,
                "request_truncated": 1 if seq % 50 == 11 else None,
                "response_truncated": 1 if seq % 50 == 13 else None,
            }
        )
        for seq, (asked, answered) in enumerate(bodies)
    ]


def by_row(batch: Batch) -> dict[tuple[str, int], str]:
    """Return the outputs and time of each row as text, in which NaN equals itself."""
    values = zip(batch.predictions, batch.scores, batch.probabilities, batch.times, strict=True)
    keys = zip(batch.ids, batch.row_numbers, strict=True)
    return {key: repr(value) for key, value in zip(keys, values, strict=True)}


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(request, response), min_size=1, max_size=40), st.booleans())
def test_many_at_once_are_decoded_as_each_by_itself(bodies, in_body):
    """Counts, notes, predictions and times are equal for any bodies."""
    assert_equal_to_each_by_itself(bodies, in_body)


NAMES_OF_PROTOCOLS = sorted(
    ROWS_NAMES
    | {"Inputs", "input", "messages", "prompt", "specversion", "names", "fields", "header"}
    | {"headers", "dataframe_split", "dataframe_records", "columns", "text", "model", "query"}
)


@pytest.mark.parametrize("name", NAMES_OF_PROTOCOLS)
@pytest.mark.parametrize("value", [None, 1, 2.5, True, "a", "[1]", [], {}])
@pytest.mark.parametrize("more", [{}, {"a": 1}])
def test_members_of_other_protocols_are_left_to_them(name, value, more):
    """Also if their values are those of plain rows, in a batch of which most are."""
    odd = (json.dumps({name: value, **more}), '{"prediction": 1.0}')
    plain = ('{"a": 1, "b": {"c": "x"}}', '{"prediction": 2.0}')
    assert_equal_to_each_by_itself([plain, odd], in_body=False)
    assert_equal_to_each_by_itself([odd, plain, odd], in_body=False)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(nested, response), min_size=1, max_size=20), st.booleans())
def test_nested_rows_at_once_are_decoded_as_each_by_itself(bodies, in_body):
    """Also documents that may be several rows, or those of a protocol."""
    assert_equal_to_each_by_itself(bodies, in_body)


@pytest.mark.parametrize("name", ["features", "data", "items", "body"])
@pytest.mark.parametrize("first", ['{"a": {"b": 1}}', '{"%s": "x"}', '{"%s": "x", "c": 1}'])
def test_rows_in_a_text_are_decoded_as_each_by_itself(name, first):
    """Also among documents whose texts are plain."""
    answer = '{"label": "a", "score": 0.5}'
    plain = (first.replace("%s", name), answer)
    texts = [(json.dumps({name: text}), None) for text in ("[1]", '{"a": 1}', "plain")]
    assert_equal_to_each_by_itself([plain, *texts], in_body=False)
    assert_equal_to_each_by_itself([plain, plain, plain, *texts], in_body=False)


def assert_equal_to_each_by_itself(bodies, in_body):
    stored = exchanges(bodies)
    options = sources.load({"event_time": "body:when"} if in_body else {}, environ={})
    batches = []
    with pytest.MonkeyPatch.context() as patch:
        for least in (10**9, 2):
            patch.setattr(reading, "_FEWEST_SIMILAR", least)
            batches.append(reading.read(stored, options, Decoders()))
    one_by_one, many = batches
    assert by_row(many) == by_row(one_by_one)
    assert many.notes == one_by_one.notes
    columns = one_by_one.columns()
    assert set(many.columns()) == set(columns)
    expected = tally(columns, len(one_by_one.rows), REFERENCE).counts
    assert (tally(many.columns(), len(many.rows), REFERENCE).counts == expected).all()
    half = range(0, len(many.rows), 2)
    picked = sorted(many.ids[position] for position in half)
    ids = [position for position, id_ in enumerate(one_by_one.ids) if id_ in set(picked)]
    if len(set(many.ids)) == len(many.ids):
        parts = [(many, half), (one_by_one, ids)]
        first, second = (tally(b.picked(p).columns(), len(p), REFERENCE).counts for b, p in parts)
        assert (first == second).all()


def test_flat_documents_are_decoded_at_once():
    """Otherwise the test above would compare equal calls."""
    bodies = [(json.dumps({"x": n, "c": "a"}), '{"prediction": 1}') for n in range(100)]
    batch = reading.read(exchanges(bodies), sources.load(environ={}), Decoders())
    one_by_one = sum(isinstance(row, dict) for row in batch.rows)
    assert one_by_one == 3  # the first, and two whose answers are cut


def test_nested_documents_are_decoded_at_once(monkeypatch):
    """A decoder of a single exchange is called for the first, and for four that are cut."""
    bodies = [(json.dumps({"x": n, "c": {"d": "a"}}), '{"prediction": 1}') for n in range(100)]
    calls = []
    decode = Decoders.decode
    monkeypatch.setattr(Decoders, "decode", lambda *args: calls.append(1) or decode(*args))
    batch = reading.read(exchanges(bodies), sources.load(environ={}), Decoders())
    assert len(calls) == 5 and batch.columns()["c.d"] == ["a"] * 96


def test_usual_answers_of_other_forms_are_decoded_at_once():
    """A label with its score, probabilities, a bare value."""
    answers = ['{"label": "a", "score": 0.5}', "[0.25, 0.75]", "3", '{"score": 1}']
    bodies = [('{"x": 1}', answers[n % 4]) for n in range(100)]
    batch = reading.read(exchanges(bodies), sources.load(environ={}), Decoders())
    assert sum(isinstance(row, dict) for row in batch.rows) == 3
    assert {"a", 1, 3, None} == set(batch.predictions)


def test_the_users_columns_name_the_numbers_of_a_list():
    """The list may be one field of several."""
    options = {"mapping": {"columns": ["length", "width"]}}
    bodies = [('{"features": [5.1, 3.5], "id": 7}', "1")]
    batch = reading.read(exchanges(bodies), sources.load(options, environ={}), Decoders())
    assert batch.rows[0] == {"length": 5.1, "width": 3.5, "id": 7}


def test_a_field_called_as_an_output_is_kept_beside_it():
    """A score in the request is not a score of the model."""
    bodies = [('{"score": 700, "prediction": "x", "a": 1}', '{"prediction": 2, "score": 0.5}')]
    batch = reading.read(exchanges(bodies), sources.load(environ={}), Decoders())
    assert batch.columns() == {
        "a": [1] * len(batch.rows),
        "feature.score": [700] * len(batch.rows),
        "feature.prediction": ["x"] * len(batch.rows),
        **{"prediction": batch.predictions, "score": batch.scores},
    }


ASKED = '{"model": "m", "prompt": "hi", "max_tokens": 3}'
GENERATED = '{"id": "i", "choices": [{"index": 0, "text": "yes", "finish_reason": "stop"}]}'


@pytest.mark.parametrize("missing", [None, "", '{"error": "busy"}'])
@pytest.mark.parametrize("count", [1, 20])
def test_those_without_an_answer_do_not_stand_for_their_kind(missing, count):
    """Only complete responses show the protocol if the path does not."""
    bodies = [(ASKED, missing)] * count + [(ASKED, GENERATED)] * 100
    stored = [exchange._replace(path="/generate") for exchange in exchanges(bodies)]
    succeeded = [exchange for exchange in stored if exchange.status == 200]
    batch = reading.read(succeeded, sources.load(environ={}), Decoders())
    assert batch.predictions.count("yes") > 90
    assert not any(
        "no prediction" in (note or "") for seq, (_, note) in batch.notes.items() if seq >= count
    )
