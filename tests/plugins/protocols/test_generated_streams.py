"""Streams of language models by shape: calls of tools at once, and streams cut anywhere."""

from __future__ import annotations

import json

import pytest

from modeltap.decoding.decoders import Decoders
from modeltap.payload import Payload

USER = [{"role": "user", "content": "hi"}]


def events(*documents, done=True):
    text = "".join(f"data: {json.dumps(one)}\n\n" for one in documents)
    return text + ("data: [DONE]\n\n" if done else "")


def decoded(path, request, response, **more):
    return Decoders().decode(
        Payload(path, None, 200, json.dumps(request), response, "application/json", **more)
    )


def delta(**said):
    return {"id": "c", "choices": [{"index": 0, "delta": said}]}


def call(id_, name, arguments, index=0):
    function = {"name": name, "arguments": arguments}
    said = {"index": index, "id": id_, "type": "function", "function": function}
    return {name: value for name, value in said.items() if value is not None}


CHAT = {"model": "m", "messages": USER, "stream": True}


def answer_of(*calls, whole=False):
    """Return what a chat's answer with these calls tells; each in a piece of its own, or all."""
    if whole:
        message = {"role": "assistant", "tool_calls": list(calls)}
        body = json.dumps({"id": "c", "choices": [{"index": 0, "message": message}]})
    else:
        body = events(*(delta(tool_calls=[one]) for one in calls))
    (answer,) = decoded("/v1/chat/completions", CHAT, body).answers
    return answer["tool_calls"], answer.get("tool_names")


@pytest.mark.parametrize("whole", [False, True])
@pytest.mark.parametrize("count", [1, 2, 3, 5])
@pytest.mark.parametrize("numbered", [False, True])
def test_parallel_calls_are_told_apart_by_their_ids(count, numbered, whole):
    """Though a server gives all of them the same number."""
    calls = [call(f"c{n}", f"tool{n}", "{}", n if numbered else 0) for n in range(count)]
    names = ", ".join(f"tool{n}" for n in range(count))
    assert answer_of(*calls, whole=whole) == (count, names)


@pytest.mark.parametrize("id_", [None, "", "a", "made up for each piece"])
def test_pieces_of_one_call_are_one(id_):
    """Without an id, with the same, or with one that is made up for each piece."""
    pieces = [call("a", "tool", ""), call(id_, None, '{"x"'), call(id_, "", ": 1}")]
    assert answer_of(*pieces) == (1, "tool")


def test_pieces_after_a_call_are_the_last_ones():
    """Arguments of two calls of one number, one after the other."""
    first = [call("a", "one", ""), call(None, None, "{}")]
    second = [call("b", "two", ""), call(None, None, "{}")]
    assert answer_of(*first, *second) == (2, "one, two")


RESPONSES = {"model": "m", "input": "hi", "stream": True}
COMPLETIONS = {"prompt": "hi", "stream": True}
MESSAGES = {"model": "m", "max_tokens": 9, "messages": USER, "stream": True}
STREAMS = {
    "/v1/chat/completions": (CHAT, events(delta(content="Hel"), delta(content="lo"))),
    "/v1/completions": (
        COMPLETIONS,
        events(*({"choices": [{"index": 0, "text": text}]} for text in ("Hel", "lo"))),
    ),
    "/v1/responses": (
        RESPONSES,
        events(
            {"type": "response.created", "response": {"id": "r"}},
            {"type": "response.output_text.delta", "output_index": 0, "delta": "Hel"},
            {"type": "response.output_text.delta", "output_index": 0, "delta": "lo"},
            done=False,
        ),
    ),
    "/v1/messages": (
        MESSAGES,
        events(
            {"type": "message_start", "message": {"id": "a", "type": "message", "content": []}},
            {"type": "content_block_delta", "delta": {"type": "text_delta", "text": "Hel"}},
            {"type": "content_block_delta", "delta": {"type": "text_delta", "text": "lo"}},
            done=False,
        ),
    ),
}


@pytest.mark.parametrize("path", STREAMS)
@pytest.mark.parametrize("cut", [False, True], ids=["client left", "body cut"])
def test_a_stream_that_is_cut_anywhere_keeps_what_came(path, cut):
    """Marked in its note and among its answers; nothing comes that was not said."""
    request, whole = STREAMS[path]
    texts = []
    for end in range(len("data: "), len(whole) - 14):
        found = decoded(path, request, whole[:end], response_truncated=cut)
        assert len(found.rows) == 1 and found.note == "response: ended early"
        assert found.answers[0]["ended_early"] is True
        texts.append((found.predictions or [None])[0] or "")
    assert all("Hello".startswith(text) for text in texts)
    assert texts == sorted(texts) and {"", "Hel"} <= set(texts)


def test_a_stream_that_ended_is_marked_as_that():
    """So the rate of those that were left is seen."""
    request, whole = STREAMS["/v1/chat/completions"]
    (answer,) = decoded("/v1/chat/completions", request, whole).answers
    assert answer["ended_early"] is False


@pytest.mark.parametrize("path", ["/v1/completions", "/gateway/generate"])
@pytest.mark.parametrize("streamed", [False, True])
def test_a_completion_without_a_model_is_one(path, streamed):
    """A server of one model needs no name."""
    choice = {"choices": [{"index": 0, "text": "yes", "finish_reason": "stop"}]}
    body = events(choice) if streamed else json.dumps(choice)
    found = decoded(path, {"prompt": "x"}, body)
    assert (found.predictions, found.note, found.rows) == (["yes"], None, [{"prompt": "x"}])


@pytest.mark.parametrize("more", [{}, {"input": "hi"}, {"input": []}, {"model": "m"}])
def test_a_response_to_a_stored_prompt(more):
    """Its id, version and variables are what was asked."""
    prompt = {"id": "pmpt_1", "version": "2", "variables": {"city": "Ulm", "file": {"id": 1}}}
    content = [{"type": "output_text", "text": "hello"}]
    answer = {
        "id": "r1",
        "object": "response",
        "status": "completed",
        "output": [{"type": "message", "role": "assistant", "content": content}],
    }
    found = decoded("/v1/responses", {"prompt": prompt, **more}, json.dumps(answer))
    (row,) = found.rows
    assert (found.predictions, found.note) == (["hello"], None)
    assert (row["prompt_id"], row["prompt_version"]) == ("pmpt_1", "2")
    assert row["prompt_variables.city"] == "Ulm" and "prompt_variables.file" not in row
