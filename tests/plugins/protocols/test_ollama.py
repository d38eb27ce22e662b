"""Ollama's own protocol, as its documentation has it."""

from __future__ import annotations

import json

import pytest

from modeltap.payload import Payload
from modeltap_protocols.ollama import decode

CHAT = {
    "model": "llama3.2",
    "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi"}],
}
GENERATE = {"model": "llama3.2", "prompt": "Hi", "system": "Be brief."}
END = {
    "done": True,
    "done_reason": "stop",
    "total_duration": 5,
    "prompt_eval_count": 7,
    "eval_count": 2,
}


def read(path, request, *documents, stream=None):
    text = "\n".join(json.dumps({"model": "llama3.2", **own}) for own in documents)
    payload = Payload(path, None, 200, json.dumps(request), text, "application/json")
    payload.stream = stream or {}
    return decode(payload)


def said(content, **more):
    return {"message": {"role": "assistant", "content": content, **more}, "done": False}


def test_a_chat_in_one_piece():
    found = read("/api/chat", CHAT, {**said("Hello"), **END})
    assert found.predictions == ["Hello"] and found.note is None
    assert found.rows[0]["prompt"] == "Hi" and found.rows[0]["system"] == "Be brief."
    assert found.answers == [
        {
            "streamed": False,
            "model_name": "llama3.2",
            "tool_calls": 0,
            "finish_reason": "stop",
            "input_tokens": 7,
            "output_tokens": 2,
            "tokens_source": "usage",
        }
    ]


@pytest.mark.parametrize("path", ["/api/chat", "/proxy/ollama"])
def test_a_streamed_chat_is_joined(path):
    parts = (said(""), said("Hel"), said("lo"), {**said(""), **END})
    lines = {"lines": [[10.0, 1], [50.0, 2], [70.0, 4]]}
    found = read(path, CHAT, *parts, stream=lines)
    assert found.predictions == ["Hello"] and found.answers[0]["first_token_ms"] == 50.0
    assert found.answers[0]["ended_early"] is False and found.answers[0]["output_tokens"] == 2


def test_a_stream_that_was_cut_is_as_long_as_it_came():
    found = read("/api/chat", CHAT, said("Hel"), said("lo"))
    assert found.predictions == ["Hello"] and found.note == "response: ended early"


def test_a_prompt_plain_and_streamed():
    found = read("/api/generate", GENERATE, {"response": "Hello", **END})
    assert found.predictions == ["Hello"] and found.rows[0]["system"] == "Be brief."
    parts = [{"response": "Hel", "done": False}, {"response": "lo", "done": False}]
    found = read("/api/generate", GENERATE, *parts, {"response": "", **END})
    assert found.predictions == ["Hello"] and found.answers[0]["finish_reason"] == "stop"


def test_calls_of_tools():
    """Whole in one part, or one in each of several."""
    call = {"function": {"name": "weather", "arguments": {"city": "Oslo"}}}
    other = {"function": {"name": "time", "arguments": {}}}
    found = read("/api/chat", CHAT, {**said("", tool_calls=[call, other]), **END})
    assert found.predictions == [None] and found.answers[0]["tool_names"] == "weather, time"
    assert found.calls[0][0] == ("weather", '{"city":"Oslo"}')
    parts = (said("", tool_calls=[call]), said("", tool_calls=[other]), {**said(""), **END})
    found = read("/api/chat", CHAT, *parts)
    assert [own.name for own in found.calls[0]] == ["weather", "time"]


def test_an_error_ends_the_stream():
    found = read("/api/chat", CHAT, said("Hel"), {"error": "out of memory"})
    assert found.note == "response: error" and found.answers[0]["error"] == "out of memory"


@pytest.mark.parametrize(
    ("path", "request_", "answer"),
    [
        ("/predict", CHAT, {"prediction": 1}),
        ("/predict", {"prompt": "x"}, {"response": "y"}),
        ("/predict", {"model": "m", "prompt": ["x"]}, {"response": "y", "done": True}),
        ("/predict", CHAT, {"message": "hello", "done": True}),
        ("/predict", CHAT, {"message": {"content": 5}, "done": True}),
        ("/predict", CHAT, {"message": {"content": "x"}, "done": "yes"}),
        ("/api/chat", {"x": 1}, {**said("Hello"), **END}),
        ("/api/chat", [1], {**said("Hello"), **END}),
    ],
)
def test_other_bodies_are_left_to_others(path, request_, answer):
    assert read(path, request_, answer) is None


def test_without_a_response_there_is_a_row():
    payload = Payload("/api/chat", None, 200, json.dumps(CHAT), None)
    found = decode(payload)
    assert len(found.rows) == 1 and found.predictions == []
