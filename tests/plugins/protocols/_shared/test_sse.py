"""Server-sent events and JSON Lines in kept bodies."""

from __future__ import annotations

import json
from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modeltap.decoding.decoders import Decoders
from modeltap.payload import Payload, parse_json
from modeltap.writer import chunk_timing as times
from modeltap_protocols._shared.sse import Frame, frames, is_framed, json_lines, stream_of


def read(body):
    return [(frame.event, frame.data, frame.line) for frame in frames(body)]


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ("data: 1\n\ndata: 2\n\n", [(None, "1", 1), (None, "2", 3)]),
        ("data: 1\r\n\r\ndata:2\r\n\r\n", [(None, "1", 1), (None, "2", 3)]),
        ("data: 1\r\rdata: 2\r\r", [(None, "1", 0), (None, "2", 0)]),
        ("event: a\ndata: 1\ndata:  2\n\n", [("a", "1\n 2", 3)]),
        (": hi\n\n:\ndata: 1\nretry: 5\nfoo: 1\n\n", [(None, "1", 6)]),
        ("event: a\n\ndata: 1\n\n", [(None, "1", 3)]),
        ("data\n\n", [(None, "", 1)]),
        ("data: 1\n", [(None, "1", 0)]),
        ("data: 1\r", [(None, "1", 0)]),
        ("data: 1\n\ndata: 2", [(None, "1", 1)]),
        ("data: 1\n\nevent: a\ndat", [(None, "1", 1)]),
        ('data: {"a": 1}', [(None, '{"a": 1}', 0)]),
        ('data: {"a": "}', []),
        ('data: {\ndata: "a": 1}', []),
        ("data: [DONE]", [(None, "[DONE]", 0)]),
        ("\ufeffdata: 1\n\n", [(None, "1", 1)]),
        ("data: a\u2028b\x0bc\n\n", [(None, "a\u2028b\x0bc", 1)]),
        ("", []),
    ],
)
def test_events_are_read_as_the_standard_says(body, found):
    """Any line ends, several data lines, comments; what was cut is left out."""
    assert read(body) == found
    assert read(body.encode()) == found


def test_an_id_is_read_too():
    """Of its own event."""
    assert frames("id: 7\ndata: 1\n\ndata: 2\n\n") == [
        Frame(None, "1", "7", 2),
        Frame(None, "2", None, 4),
    ]


@pytest.mark.parametrize("text", ["Hello, world", '{"a": 1}\n', "datum: 1", "", "a: b\n"])
def test_text_that_is_no_events_is_told_apart(text):
    """Whatever its content type says."""
    assert not is_framed(text)
    assert stream_of(Payload("/", None, 200, None, text, None, "text/event-stream")).done is False


def test_json_lines():
    """The last may be cut; a line that is something else makes it something else."""
    found = json_lines('{"a": 1}\n\n{"b": 2}\r\n{"c": ')
    assert [(one.json, one.line) for one in found] == [({"a": 1}, 0), ({"b": 2}, 2)]
    assert json_lines('{"a": 1}\nwords\n{"b": 2}') == []
    chat = {"choices": [{"index": 0, "delta": {"content": "hi"}, "finish_reason": "stop"}]}
    request = '{"model": "m", "messages": [{"role": "user", "content": "x"}]}'
    payload = Payload("/", None, 200, request, f"{json.dumps(chat)}\n" * 2)
    found = Decoders().decode(payload)
    assert (found.predictions, found.answers[0]["streamed"]) == (["hihi"], True)


def test_an_events_time_is_that_of_the_piece_with_its_end():
    """Wherever the body is cut into two pieces."""
    body = b'data: {"a": 1}\n\nevent: b\r\ndata: {"b": 2}\r\n\r\n'
    first, second = body.index(b"\n\n") + 2, len(body)
    for cut in range(1, len(body)):
        packed = array("d", (5.0, cut, 9.0, len(body))).tobytes()
        told = json.loads(times.stream_of(2, packed, body, ""))
        payload = Payload("/", None, 200, None, body.decode(), stream=told)
        moments = [payload.line_ms(frame.line) for frame in frames(payload.response)]
        assert moments == [5.0 if cut >= end else 9.0 for end in (first, second)]


documents = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=4)
    | st.sampled_from(["stop", "message_start", "response.completed", "text", "function_call"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "choices",
                    "delta",
                    "message",
                    "content",
                    "text",
                    "index",
                    "usage",
                    "prompt_tokens",
                    "type",
                    "tool_calls",
                    "function",
                    "name",
                    "response",
                    "output",
                    "item",
                    "data",
                    "embedding",
                    "error",
                    "content_block",
                    "id",
                    "model",
                    "finish_reason",
                    "role",
                    "n",
                    "refusal",
                    "input",
                    "prompt_tokens_details",
                    "cached_tokens",
                    "output_index",
                    "status",
                    "incomplete_details",
                ]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=25,
)
requests = st.sampled_from(["messages", "prompt", "input"]).flatmap(
    lambda name: st.fixed_dictionaries(
        {
            "model": st.just("m"),
            name: st.sampled_from(
                [
                    "text",
                    ["a", "b"],
                    [{"role": "user", "content": "x"}],
                    [1, 2],
                    [[1], [2]],
                ]
            )
            | documents,
        },
        optional={"n": documents, "tools": documents, "system": documents},
    )
)
paths = st.sampled_from(
    [
        "/",
        "/v1/chat/completions",
        "/v1/completions",
        "/v1/embeddings",
        "/v1/responses",
        "/v1/messages",
    ]
)
decoders = Decoders()


def written(found):
    events = [
        f"event: {one.get('type', 'x') if isinstance(one, dict) else 1}\n"
        f"data: {json.dumps(one)}\n\n"
        for one in found
    ]
    return "".join(events)


@given(paths, requests, documents | st.lists(documents, max_size=4).map(written))
def test_no_document_makes_a_decoder_fail(path, request, response):
    """Whatever stands where something else is expected; and rows and answers are as many."""
    body = response if isinstance(response, str) else json.dumps(response)
    found = decoders.decode(Payload(path, None, 200, json.dumps(request), body))
    assert not (found.note or "").startswith("decoding failed")
    assert len(found.predictions) in (0, len(found.rows))
    assert len(found.answers) in (0, len(found.rows))


@given(paths, st.binary(max_size=80), st.binary(max_size=200))
def test_any_bytes_are_no_reason_to_fail(path, request, response):
    """Of a request, and of a response to a good request."""
    good = '{"model": "m", "messages": [{"role": "user", "content": "x"}], "prompt": "x"}'
    for asked in (request, good):
        for answered in (response, b"data: " + response + b"\n\n"):
            found = decoders.decode(Payload(path, None, 200, asked, answered))
            assert not (found.note or "").startswith("decoding failed")


@pytest.mark.parametrize("path", ["/predict", "/v1/completions", "/v1/messages", "/v1/embeddings"])
@pytest.mark.parametrize(
    ("request_", "response"),
    [
        ({"messages": 3, "model": "a"}, {"prediction": 1}),
        ({"input": [[1.5, 2.5]], "model": 1}, {"data": [0.5]}),
        ({"inputs": [[1, 2]]}, {"predictions": [1]}),
        ({"prompt": 1.5, "x": 2}, {"prediction": 1}),
        ({"input": [{"x": 1}]}, {"error": "none", "prediction": 1}),
        ([{"prompt": "a", "model": "b"}], [1]),
    ],
)
def test_tables_are_not_taken_for_language_models(path, request_, response):
    """Though a column may be called as one of their fields."""
    payload = Payload(path, None, 200, json.dumps(request_), json.dumps(response))
    found = Decoders().decode(payload)
    assert not any("model_asked" in row for row in found.rows)
    assert parse_json(payload.response) == response
