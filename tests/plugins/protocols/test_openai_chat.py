"""Chat completions, asked by OpenAI's own client of a real server."""

from __future__ import annotations

import httpx
import pytest

ASKED = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Say hello"}]
WEATHER = [{"type": "function", "function": {"name": "weather", "parameters": {"type": "object"}}}]
TOKENS = {
    "input_tokens": 7,
    "output_tokens": 5,
    "cached_tokens": 3,
    "reasoning_tokens": 2,
    "tokens_source": "usage",
}


@pytest.fixture
def client(llm):
    """OpenAI's own client of the server."""
    from openai import OpenAI  # takes a second, which only the process of these tests pays

    with OpenAI(api_key="x", base_url=f"{llm.url}/v1", max_retries=0) as one:
        yield one


def create(client, model="plain", **more):
    return client.chat.completions.create(model=model, messages=ASKED, **more)


def streamed(client, model="plain", **more):
    """Return the text that the client read of a stream's first choice."""
    text = ""
    for piece in create(client, model, stream=True, **more):
        if piece.choices and piece.choices[0].index == 0:
            text += piece.choices[0].delta.content or ""
    return text


def test_an_answer_in_one_piece(llm, client):
    """The row has what was asked, the answer what came with it."""
    assert create(client, temperature=0.5, max_tokens=9).choices[0].message.content == "Hello"
    found = llm.seen().found
    assert found.rows == [
        {
            "temperature": 0.5,
            "max_tokens": 9,
            "model_asked": "plain",
            "prompt": "Say hello",
            "messages": 2,
            "images": 0,
            "system": "Be brief.",
        }
    ]
    assert (found.predictions, found.id, found.note) == (["Hello"], "chatcmpl-1", None)
    assert found.answers == [
        {
            "streamed": False,
            "model_name": "plain-v2",
            "finish_reason": "stop",
            "tool_calls": 0,
            **TOKENS,
        }
    ]


def test_a_stream_is_folded_and_its_first_word_timed(llm, client):
    """The role's empty delta is not it."""
    assert streamed(client, stream_options={"include_usage": True}) == "Hello wörld"
    seen = llm.seen()
    found, (answer,) = seen.found, seen.found.answers
    assert (found.predictions, found.note) == (["Hello wörld"], None)
    assert found.rows[0]["stream"] is True
    assert answer.pop("first_token_ms") == seen.stream["lines"][2][0]
    assert answer == {
        "streamed": True,
        "ended_early": False,
        "model_name": "plain-v2",
        "finish_reason": "stop",
        "tool_calls": 0,
        **TOKENS,
    }
    role_ms, first_ms = seen.stream["lines"][0][0], seen.stream["lines"][2][0]
    assert seen.exchange["headers_ms"] <= role_ms < first_ms < seen.exchange["duration_ms"]
    assert first_ms - role_ms >= 40
    assert seen.stream["chunks"] == 8 and seen.stream["gap_max_ms"] >= 40


def test_a_stream_without_usage_tells_no_tokens(llm, client):
    """Rather than zero."""
    assert streamed(client) == "Hello wörld"
    (answer,) = llm.seen().found.answers
    assert not {"input_tokens", "output_tokens", "tokens_source"} & answer.keys()


def test_zeros_are_no_usage_and_the_first_id_counts(llm, client):
    """Some servers give each piece an id and a usage of its own."""
    assert streamed(client, "lit") == "Hello wörld"
    found = llm.seen().found
    assert (found.predictions, found.id) == (["Hello wörld"], "chatcmpl-0")
    assert "input_tokens" not in found.answers[0]


@pytest.mark.parametrize("as_stream", [False, True])
def test_two_choices_are_two_rows(llm, client, as_stream):
    """Tokens are told of the first, for they are both's."""
    if as_stream:
        assert streamed(client, n=2, stream_options={"include_usage": True}) == "Hello wörld"
    else:
        assert len(create(client, n=2).choices) == 2
    found = llm.seen().found
    assert found.predictions == ["Hello wörld" if as_stream else "Hello"] * 2
    assert [row["prompt"] for row in found.rows] == ["Say hello"] * 2
    assert [one.get("input_tokens") for one in found.answers] == [7, None]
    assert [one["finish_reason"] for one in found.answers] == ["stop"] * 2
    assert all(("first_token_ms" in one) == as_stream for one in found.answers)


@pytest.mark.parametrize("as_stream", [False, True])
def test_calls_of_tools_are_counted_and_named(llm, client, as_stream):
    """There is no text then; arguments are a first token, too."""
    if as_stream:
        assert streamed(client, "tools", tools=WEATHER) == ""
    else:
        assert create(client, "tools", tools=WEATHER).choices[0].message.tool_calls
    seen = llm.seen()
    (row,), (answer,) = seen.found.rows, seen.found.answers
    assert (row["tools"], seen.found.predictions, seen.found.note) == (1, [None], None)
    assert (answer["tool_calls"], answer["tool_names"]) == (1, "weather")
    assert answer["finish_reason"] == "tool_calls"
    if as_stream:
        assert answer["first_token_ms"] == seen.stream["lines"][3][0]


def test_thoughts_count_as_a_first_token_but_not_as_text(llm, client):
    """Of models that reason before they answer."""
    assert streamed(client, "thinks") == "42"
    seen = llm.seen()
    assert seen.found.predictions == ["42"]
    assert seen.found.answers[0]["first_token_ms"] == seen.stream["lines"][2][0]


def test_a_refusal_is_no_completion(llm, client):
    """It is told by itself."""
    assert create(client, "refuses").choices[0].message.refusal == "I cannot"
    found = llm.seen().found
    assert (found.predictions, found.answers[0]["refusal"]) == ([None], "I cannot")


def test_an_error_within_a_stream(llm, client):
    """The text before it is kept."""
    from openai import APIError

    with pytest.raises(APIError):
        streamed(client, "broken")
    found = llm.seen().found
    assert (found.predictions, found.note) == (["Hel"], "response: error")
    assert found.answers[0]["error"] == "server_error"


def test_a_client_that_leaves_cuts_the_stream(llm, client):
    """The events until then are joined."""
    stream = create(client, "endless", stream=True)
    words = [next(stream).choices[0].delta.content for _ in range(5)]
    stream.close()
    seen = llm.seen()
    assert seen.exchange["aborted"] == 1
    assert seen.found.predictions[0].startswith("".join(words))
    assert seen.found.note == "response: ended early"
    assert "finish_reason" not in seen.found.answers[0]


def test_events_may_come_byte_by_byte(llm, client):
    """However the pieces cut them."""
    assert streamed(client, "split") == "Hello wörld"
    seen = llm.seen()
    assert (seen.found.predictions, seen.found.note) == (["Hello wörld"], None)
    assert seen.stream["chunks"] > 1000
    assert "first_token_ms" in seen.found.answers[0]


def test_a_secret_in_every_piece_is_masked_and_the_rest_decoded(llm, client):
    """The times of the lines, too, for they are as many as they were."""
    assert streamed(client, "tells") == "Hello wörld"
    seen = llm.seen()
    assert seen.exchange["response_note"] == "masked"
    assert "hunter2" not in seen.exchange["response_body"]
    assert (seen.found.predictions, seen.found.note) == (["Hello wörld"], None)
    assert seen.found.answers[0]["first_token_ms"] == seen.stream["lines"][2][0]


def test_another_path_is_known_by_the_shape(llm):
    """As a gateway has one."""
    body = {"model": "plain", "messages": ASKED, "stream": True}
    answer = httpx.post(f"{llm.url}/gateway/chat", json=body, trust_env=False, verify=False)
    assert answer.text.endswith("[DONE]\n\n")
    assert llm.seen().found.predictions == ["Hello wörld"]


def test_parts_of_a_message_are_joined_and_images_counted(llm, client):
    """The prompt is the last text of the user."""
    image = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}
    sound = {"type": "input_audio", "input_audio": {"data": "AAAA", "format": "wav"}}
    parts = [{"type": "text", "text": "What"}, image, sound, {"type": "text", "text": "is it?"}]
    client.chat.completions.create(
        model="plain",
        messages=[*ASKED, {"role": "user", "content": parts}, {"role": "user", "content": [image]}],
    )
    (row,) = llm.seen().found.rows
    assert (row["prompt"], row["images"], row["audios"]) == ("What\nis it?", 2, 1)
