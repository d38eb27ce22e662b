"""Gradio: calls and what answers them, on two requests, from a store as the tap fills it."""

from __future__ import annotations

import json

import pytest

from modeltap.decoding.decoders import Decoders
from modeltap.payload import Payload
from modeltap.store.connection import connect
from samples import GRADIO_STREAM, LABEL
from stores import START, analyze, read

JOIN, DATA = "/gradio_api/queue/join", "/gradio_api/queue/data"
ROWS = "select exchange_id, row, prediction, score from predictions order by seq, row"


def completed(id_, *data, success=True):
    output = {"data": list(data)} if success else {"error": "no boom"}
    message = {"msg": "process_completed", "event_id": id_, "output": output, "success": success}
    return f"data: {json.dumps(message)}\n\n"


def add(store, id_, path, request, response, method="POST"):
    """Store an exchange as the tap does: without the session, which it masks."""
    when = START.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    connection = connect(store)
    connection.execute(
        "insert into exchanges (id, model, source, started_at, event_time, status, method, path, "
        "duration_ms, sample_rate, request_type, request_body, response_body) "
        "values (?, 'm', 'asgi', ?, ?, 200, ?, ?, 1, 1.0, ?, ?, ?)",
        (id_, when, when, method, path, "application/json" if request else None, request, response),
    )
    connection.close()


def call(store, id_, event, *data):
    request = json.dumps({"data": data, "fn_index": 0, "session_hash": "[masked]"})
    add(store, id_, JOIN, request, json.dumps({"event_id": event}))


def answer(store, id_, stream):
    add(store, id_, DATA, None, stream, "GET")


def predictions(store):
    return [tuple(row.values()) for row in read(store, ROWS)]


def test_a_call_and_its_answer_are_joined(store):
    """The rows are the call's, the exchange that bears them is the one with the answer."""
    call(store, "asked", "e300", "hello", 3)
    answer(store, "told", GRADIO_STREAM)
    analyze(store, {})
    assert predictions(store) == [("told", 0, "cat", 0.75)]
    notes = read(store, "select decode_note from v_exchanges order by seq")
    assert [row["decode_note"] for row in notes] == ["response in another exchange", None]


def test_the_answer_may_come_after_an_analysis(store):
    """The call is found by its id."""
    call(store, "asked", "e300", "hello", 3)
    analyze(store, {})
    assert predictions(store) == []
    answer(store, "told", GRADIO_STREAM)
    analyze(store, {})
    assert predictions(store) == [("told", 0, "cat", 0.75)]


def test_it_is_joined_again_when_it_is_read_again(store):
    """As when a reference is frozen from rows that were seen before."""
    for number in range(30):
        call(store, f"asked{number}", f"e{number}", "hello", number)
        answer(store, f"told{number}", completed(f"e{number}", LABEL, number * 2.0))
    analyze(store, {})
    analyze(store, {"reference": "first 30 rows"})
    (reference,) = read(store, 'select rows, payload from "references"')
    assert reference["rows"] == 30
    features = {one["name"] for one in json.loads(reference["payload"])["features"]}
    assert features >= {"f0", "f1", "prediction", "output_1"}


def test_one_stream_may_answer_many_calls(store):
    """In any order; one that failed has no prediction, one that is unknown costs nobody his."""
    for number in range(3):
        call(store, f"asked{number}", f"e{number}", "hello", number)
    stream = (
        completed("e1", "one")
        + completed("gone", "none")
        + completed("e0", "zero")
        + completed("e2", success=False)
    )
    answer(store, "told", stream)
    analyze(store, {})
    assert predictions(store) == [
        ("told", 0, "one", None),
        ("told", 1, "zero", None),
        ("told", 2, None, None),
    ]
    (note,) = read(store, "select decode_note from v_exchanges where id = 'told'")
    assert note["decode_note"] == "response: the call failed"


def test_an_answer_without_its_call_is_noted(store):
    """Sampled out, or from before the tap."""
    answer(store, "told", GRADIO_STREAM)
    analyze(store, {})
    assert predictions(store) == []
    (note,) = read(store, "select decode_note from v_exchanges")
    assert note["decode_note"] == "responds to requests that are not in the store"


def test_a_simple_call_is_joined_by_its_path(store):
    """POST call/NAME, then GET call/NAME/ID."""
    add(store, "asked", "/gradio_api/call/f", '{"data": ["raw"]}', '{"event_id": "7a"}')
    add(store, "told", "/gradio_api/call/f/7a", None, 'event: complete\ndata: ["yes"]\n\n', "GET")
    analyze(store, {})
    assert predictions(store) == [("told", 0, "yes", None)]


def test_an_answer_that_is_fetched_twice_counts_once(store):
    """A client may ask again; the call was one."""
    add(store, "asked", "/gradio_api/call/f", '{"data": ["raw"]}', '{"event_id": "7a"}')
    for id_ in ("told", "again"):
        add(store, id_, "/gradio_api/call/f/7a", None, 'event: complete\ndata: ["yes"]\n\n', "GET")
    analyze(store, {})
    assert predictions(store) == [("told", 0, "yes", None)]
    notes = read(store, "select decode_note from v_exchanges order by seq")
    assert [row["decode_note"] for row in notes][1:] == [None, "repeated response"]


def test_a_stream_tells_some_answers_again(store):
    """Only what is new in it counts."""
    for number in range(2):
        call(store, f"asked{number}", f"e{number}", "hello", number)
    answer(store, "told", completed("e0", "zero"))
    answer(store, "both", completed("e0", "zero") + completed("e1", "one"))
    analyze(store, {})
    assert predictions(store) == [("told", 0, "zero", None), ("both", 0, "one", None)]


def decoded(response, path=DATA, **more):
    return Decoders().decode(Payload(path, None, 200, None, response, method="GET", **more))


@pytest.mark.parametrize(
    ("stream", "cut", "note"),
    [
        (GRADIO_STREAM[:-20], True, None),
        (GRADIO_STREAM[:200], True, "response: cut"),
        (GRADIO_STREAM[:90], False, "response: no result of a call"),
        ("", False, "response: no result of a call"),
        ('data: {"msg": "process_completed"}\n\n', False, "response: no result of a call"),
    ],
)
def test_a_stream_that_ends_early(stream, cut, note):
    """Values that arrived before the end of the stream are a response."""
    found = decoded(stream, response_truncated=cut, response_type="text/event-stream")
    assert found.note == note
    assert found.predictions == (["cat"] if note is None else [])


def test_what_else_a_client_asks_is_no_row():
    """Its query would be taken for one."""
    payload = Payload("/gradio_api/info", "serialize=False", 200, None, "{}", method="GET")
    found = Decoders().decode(payload)
    assert (found.rows, found.note) == ([], "not a call of a model")


@pytest.mark.parametrize("path", ["/queue/data", "/call/12/34"])
def test_other_apps_paths_are_theirs(path):
    """A body that is no stream of events is no response of Gradio."""
    payload = Payload(path, "x=1", 200, None, '{"number": 12}', method="GET")
    found = Decoders().decode(payload)
    assert found.rows == [{"x": 1.0}]


@pytest.mark.parametrize(
    ("data", "prediction", "answers"),
    [
        ([3.5], 3.5, []),
        ([None, "x"], "x", []),
        ([True, "x"], "true", [{"output_1": "x"}]),
        ([{"path": "a.png", "url": "u"}], None, [{"path": "a.png", "url": "u"}]),
        ([], None, []),
        (None, None, []),
    ],
)
def test_what_a_call_put_out(data, prediction, answers):
    """The first output that tells something; files are fields."""
    stream = f"event: complete\ndata: {json.dumps(data)}\n\n"
    found = decoded(stream, "/gradio_api/call/f/7a")
    assert (found.predictions, found.answers) == ([prediction], answers)
