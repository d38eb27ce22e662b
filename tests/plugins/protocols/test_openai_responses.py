"""The Responses API, asked by OpenAI's own client of a real server."""

from __future__ import annotations

import pytest

TOKENS = {
    "input_tokens": 7,
    "output_tokens": 5,
    "cached_tokens": 0,
    "reasoning_tokens": 2,
    "tokens_source": "usage",
}


@pytest.fixture
def client(llm):
    """OpenAI's own client of the server."""
    from openai import OpenAI  # takes a second, which only the process of these tests pays

    with OpenAI(api_key="x", base_url=f"{llm.url}/v1", max_retries=0) as one:
        yield one


def test_an_answer_in_one_piece(llm, client):
    """With a call of a tool beside the text."""
    tool = {"type": "function", "name": "weather", "parameters": {}, "strict": False}
    answer = client.responses.create(
        model="tools", input="Say hello", instructions="Be brief.", tools=[tool]
    )
    assert answer.output_text == "Hello"
    found = llm.seen().found
    assert found.rows == [
        {
            "model_asked": "tools",
            "prompt": "Say hello",
            "messages": 1,
            "images": 0,
            "tools": 1,
            "system": "Be brief.",
        }
    ]
    assert (found.predictions, found.id, found.note) == (["Hello"], "resp_1", None)
    assert found.answers == [
        {
            "streamed": False,
            "model_name": "tools-v2",
            "finish_reason": "completed",
            "tool_calls": 1,
            "tool_names": "weather",
            **TOKENS,
        }
    ]


def test_a_stream_is_folded_and_its_first_word_timed(llm, client):
    """The last event, which repeats it all, adds nothing to the text."""
    parts = [
        {
            "role": "user",
            "content": [
                {"type": "input_text", "text": "Say"},
                {"type": "input_image", "image_url": "data:,x"},
            ],
        }
    ]
    text = ""
    for event in client.responses.create(model="m", input=parts, stream=True):
        if event.type == "response.output_text.delta":
            text += event.delta
    assert text == "Hello"
    seen = llm.seen()
    (row,), (answer,) = seen.found.rows, seen.found.answers
    assert (row["prompt"], row["images"], row["stream"]) == ("Say", 1, True)
    assert (seen.found.predictions, seen.found.note) == (["Hello"], None)
    moments = [moment for moment, _ in seen.stream["lines"]]
    assert moments[0] < answer["first_token_ms"] < moments[-1]
    assert answer["first_token_ms"] == moments[2]
    assert TOKENS.items() <= answer.items() and answer["finish_reason"] == "completed"


def test_a_stream_without_its_last_event_ended_early(llm, client):
    """The text is what was streamed until then."""
    list(client.responses.create(model="cut", input="Say hello", stream=True))
    found = llm.seen().found
    assert (found.predictions, found.note) == (["Hel"], "response: ended early")
    assert "input_tokens" not in found.answers[0]
