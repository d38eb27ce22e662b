"""Language models' decoders: no body makes them fail, and no table is taken for one of theirs."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modeltap.decoding.decoders import Decoders
from modeltap.payload import Payload, parse_json

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
