"""Conversations with language models, from their protocols' own decoders."""

from __future__ import annotations

import json

import pytest

from modeltap.decoding.decoders import Decoders
from modeltap.payload import Payload
from modeltap.summaries.exchanges.conversation import conversation_in


@pytest.fixture(scope="module")
def decoders():
    return Decoders()


def read(decoders, path, request, response):
    text = response if isinstance(response, str) else json.dumps(response)
    payload = Payload(path, None, 200, json.dumps(request), text, "application/json")
    return conversation_in(payload, decoders.decode(payload))


def events(*documents):
    return "".join(f"data: {json.dumps(document)}\n\n" for document in documents)


def chosen(message, finish="stop"):
    return {"choices": [{"index": 0, "message": message, "finish_reason": finish}]}


CALL = {"id": "c1", "type": "function", "function": {"name": "w", "arguments": '{"c":"Oslo"}'}}
USER = {"role": "user", "content": "Hi"}


def test_chat_with_tools(decoders):
    """Earlier calls, their results, parts that are no text, and the calls of the response."""
    parts = [{"type": "text", "text": "What?"}, {"type": "image_url", "image_url": {"url": "u"}}]
    messages = [
        {"role": "system", "content": "Be brief"},
        {"role": "user", "content": parts},
        {"role": "assistant", "content": None, "tool_calls": [CALL]},
        {"role": "tool", "content": "rain", "tool_call_id": "c1"},
    ]
    answer = chosen({"role": "assistant", "tool_calls": [CALL]}, "tool_calls")
    found = read(decoders, "/v1/chat/completions", {"messages": messages}, answer)
    roles = [turn.role for turn in found.turns]
    assert roles == ["system", "user", "assistant", "tool", "assistant"]
    assert found.turns[1].text == "What?" and found.turns[1].notes == ("image_url",)
    assert found.turns[2].calls == found.turns[4].calls == (("w", '{"c":"Oslo"}'),)
    assert found.turns[4].is_output and not found.turns[2].is_output
    assert found.turns[3].text == "rain"


def test_streamed_calls_of_tools_are_joined(decoders):
    deltas = [
        {"tool_calls": [{"index": 0, "id": "a", "function": {"name": "w", "arguments": ""}}]},
        {"tool_calls": [{"index": 0, "function": {"arguments": '{"c":'}}]},
        {"tool_calls": [{"index": 1, "id": "b", "function": {"name": "v", "arguments": "{}"}}]},
        {"tool_calls": [{"index": 0, "function": {"arguments": "1}"}}]},
    ]
    text = events(*({"choices": [{"index": 0, "delta": delta}]} for delta in deltas))
    found = read(decoders, "/v1/chat/completions", {"messages": [USER], "stream": True}, text)
    assert found.turns[-1].calls == (("w", '{"c":1}'), ("v", "{}"))
    assert "the stream ended early" in found.turns[-1].notes


def test_anthropic_plain_and_streamed(decoders):
    request = {
        "system": "Be brief",
        "messages": [
            USER,
            {
                "role": "assistant",
                "content": [{"type": "tool_use", "name": "w", "input": {"c": 1}}],
            },
            {"role": "user", "content": [{"type": "tool_result", "content": "rain"}]},
        ],
    }
    content = [{"type": "text", "text": "Hm"}, {"type": "tool_use", "name": "w", "input": {"c": 2}}]
    plain = {"type": "message", "content": content, "stop_reason": "tool_use"}
    found = read(decoders, "/v1/messages", request, plain)
    assert [turn.role for turn in found.turns] == [
        "system",
        "user",
        "assistant",
        "user",
        "assistant",
    ]
    assert found.turns[2].calls == (("w", '{"c": 1}'),) and found.turns[3].text == "rain"
    assert found.turns[4].text == "Hm" and found.turns[4].calls == (("w", '{"c":2}'),)
    block = {"type": "tool_use", "id": "t", "name": "w", "input": {}}
    part = {"type": "input_json_delta", "partial_json": '{"c": 3}'}
    text = events(
        {"type": "message_start", "message": {"content": [], "model": "claude"}},
        {"type": "content_block_start", "index": 0, "content_block": block},
        {"type": "content_block_delta", "index": 0, "delta": part},
        {"type": "message_stop"},
    )
    found = read(decoders, "/v1/messages", request, text)
    assert found.turns[-1].calls == (("w", '{"c": 3}'),) and found.facts["model_name"] == "claude"


def test_ollama_streamed(decoders):
    parts = [
        {"model": "l", "message": {"role": "assistant", "content": "Hel"}, "done": False},
        {"model": "l", "message": {"content": "lo"}, "done": True, "eval_count": 2},
    ]
    text = "\n".join(map(json.dumps, parts))
    found = read(decoders, "/api/chat", {"model": "l", "messages": [USER]}, text)
    assert [turn.text for turn in found.turns] == ["Hi", "Hello"]
    assert found.facts["output_tokens"] == 2 and found.facts["model_name"] == "l"


def test_completions_and_responses(decoders):
    answer = {"choices": [{"index": 0, "text": "b"}, {"index": 1, "text": "d"}]}
    found = read(decoders, "/v1/completions", {"prompt": ["a", "c"]}, answer)
    assert [turn.text for turn in found.turns] == ["a", "c", "b", "d"]
    items = [
        USER,
        {"type": "function_call", "name": "w", "arguments": "{}"},
        {"type": "function_call_output", "output": "rain"},
    ]
    output = [{"type": "message", "content": [{"type": "output_text", "text": "Wet"}]}]
    answer = {"object": "response", "status": "completed", "output": output}
    request = {"model": "m", "instructions": "Be brief", "input": items}
    found = read(decoders, "/v1/responses", request, answer)
    assert [turn.text for turn in found.turns] == ["Be brief", "Hi", "", "rain", "Wet"]


@pytest.mark.parametrize(
    "messages",
    [
        [{"role": "user", "content": 5}],
        [{"role": "user", "content": [None, 3, {"type": 7}, "x", {"text": None}]}],
        [{"role": "user", "content": {"a": [1]}}],
        [{"role": "\x1b", "content": "<b>", "tool_calls": ["x", {"function": 3}, {}]}],
    ],
)
def test_messages_of_any_form_are_shown(decoders, messages):
    found = read(decoders, "/v1/chat/completions", {"messages": messages}, "not json")
    assert len(found.turns) >= len(messages)


def test_a_long_conversation_shows_its_end(decoders):
    messages = [{"role": "user", "content": str(n)} for n in range(2000)]
    answer = chosen({"role": "assistant", "content": "end"})
    found = read(decoders, "/v1/chat/completions", {"messages": messages}, answer)
    assert found.left_out == 1500 and [found.turns[0].text, found.turns[-1].text] == ["1500", "end"]


@pytest.mark.parametrize("request_", [{"x": 1}, {"prompt": 3}, {"input": [[1.0]]}, [1], "text"])
def test_other_requests_are_none(decoders, request_):
    assert read(decoders, "/predict", request_, {"prediction": 1}) is None
