"""Anthropic's messages, asked by its own client of a real server."""

from __future__ import annotations

import pytest

ASKED = [{"role": "user", "content": "Say hello"}]
WEATHER = {"name": "weather", "description": "", "input_schema": {"type": "object"}}


@pytest.fixture
def client(llm):
    """Anthropic's own client of the server."""
    from anthropic import Anthropic  # takes a second, which only the process of these tests pays

    with Anthropic(api_key="x", base_url=llm.url, max_retries=0) as one:
        yield one


def ask(client, **more):
    said = {"model": "m", "max_tokens": 9, "system": "Be brief.", "messages": ASKED}
    return client.messages.create(**said | more)


def test_an_answer_in_one_piece(llm, client):
    """Text, reason and tokens."""
    assert ask(client).content[0].text == "Hello"
    found = llm.seen().found
    assert found.rows == [
        {
            "max_tokens": 9,
            "model_asked": "m",
            "prompt": "Say hello",
            "messages": 1,
            "images": 0,
            "system": "Be brief.",
        }
    ]
    assert (found.predictions, found.id, found.note) == (["Hello"], "msg_1", None)
    assert found.answers == [
        {
            "streamed": False,
            "model_name": "m-v2",
            "finish_reason": "end_turn",
            "tool_calls": 0,
            "input_tokens": 7,
            "output_tokens": 5,
            "cached_tokens": 3,
            "tokens_source": "usage",
        }
    ]


def test_a_stream_with_thoughts_text_and_a_tool(llm, client):
    """The thought is the first token, and no part of the text."""
    with client.messages.stream(model="m", max_tokens=9, messages=ASKED, tools=[WEATHER]) as stream:
        assert "".join(stream.text_stream) == "Hello"
        assert stream.get_final_message().stop_reason == "tool_use"
    seen = llm.seen()
    (row,), (answer,) = seen.found.rows, seen.found.answers
    assert (row["tools"], seen.found.predictions, seen.found.note) == (1, ["Hello"], None)
    assert (answer["tool_calls"], answer["tool_names"]) == (1, "weather")
    assert (answer["finish_reason"], answer["streamed"]) == ("tool_use", True)
    assert (answer["input_tokens"], answer["output_tokens"]) == (7, 5)
    moments = [moment for moment, _ in seen.stream["lines"]]
    assert answer["first_token_ms"] == moments[3] >= moments[0] + 40
    assert seen.exchange["headers_ms"] <= moments[0] and moments[-1] < seen.exchange["duration_ms"]


def test_an_error_within_a_stream(llm, client):
    """Comes as an event of its own."""
    from anthropic import APIError

    with pytest.raises(APIError):
        list(ask(client, model="overloaded", stream=True))
    found = llm.seen().found
    assert (found.predictions, found.note) == (["Hello"], "response: error")
    assert found.answers[0]["error"] == "overloaded_error"


def test_the_prompt_is_the_last_text_of_the_user(llm, client):
    """Results of tools are none; images are counted."""
    image = {
        "type": "image",
        "source": {"type": "base64", "media_type": "image/png", "data": "AAAA"},
    }
    use = {"type": "tool_use", "id": "toolu_1", "name": "weather", "input": {}}
    result = {"type": "tool_result", "tool_use_id": "toolu_1", "content": "rain"}
    ask(
        client,
        system=[{"type": "text", "text": "Be"}, {"type": "text", "text": "brief."}],
        messages=[
            {"role": "user", "content": [image, {"type": "text", "text": "Where is it?"}]},
            {"role": "assistant", "content": [use]},
            {"role": "user", "content": [result]},
        ],
    )
    (row,) = llm.seen().found.rows
    assert (row["prompt"], row["system"]) == ("Where is it?", "Be\nbrief.")
    assert (row["messages"], row["images"]) == (3, 1)
