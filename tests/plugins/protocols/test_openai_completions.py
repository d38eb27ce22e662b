"""Text completions, asked by OpenAI's own client of a real server."""

from __future__ import annotations

import pytest

from modeltap.decoding.decoders import Decoders
from modeltap.payload import Payload


@pytest.fixture
def client(llm):
    """OpenAI's own client of the server."""
    from openai import OpenAI  # takes a second, which only the process of these tests pays

    with OpenAI(api_key="x", base_url=f"{llm.url}/v1", max_retries=0) as one:
        yield one


@pytest.mark.parametrize("as_stream", [False, True])
def test_each_choice_of_each_prompt_is_a_row(llm, client, as_stream):
    """In the order of their numbers, in whichever they come."""
    answer = client.completions.create(model="m", prompt=["a", "b"], n=2, stream=as_stream)
    texts = dict.fromkeys(range(4), "")
    for part in answer if as_stream else [answer]:
        for choice in part.choices:
            texts[choice.index] += choice.text
    assert list(texts.values()) == ["a!0", "a!1", "b!0", "b!1"]
    found = llm.seen().found
    assert found.predictions == list(texts.values())
    assert [row["prompt"] for row in found.rows] == ["a", "a", "b", "b"]
    assert found.rows[0]["n"] == 2 and found.rows[0]["model_asked"] == "m"
    assert (found.id, found.note) == ("cmpl-1", None)
    assert [one["finish_reason"] for one in found.answers] == ["length"] * 4
    assert [one.get("output_tokens") for one in found.answers] == [
        None if as_stream else 5,
        None,
        None,
        None,
    ]
    assert all(("first_token_ms" in one) == as_stream for one in found.answers)


def test_a_prompt_of_tokens_has_no_text(llm, client):
    """But a completion."""
    client.completions.create(model="m", prompt=[1, 2, 3])
    found = llm.seen().found
    assert [row["prompt"] for row in found.rows] == [None]
    assert (found.predictions, found.note) == (["[1, 2, 3]!0"], None)


def test_answers_that_are_more_or_fewer_than_asked_are_not_paired():
    """The rows stay, with the reason; a stream that was cut has the part that arrived."""

    def decoded(response):
        request = '{"model": "m", "prompt": ["a", "b"], "n": 1}'
        return Decoders().decode(Payload("/v1/completions", None, 200, request, response))

    found = decoded('{"choices": [{"index": 0, "text": "x"}]}')
    assert (len(found.rows), found.predictions) == (2, [])
    assert found.note == "unpaired: 2 rows, 1 predictions"
    found = decoded('data: {"choices": [{"index": 1, "text": "x"}]}\n\n')
    assert (found.predictions, found.note) == ([None, "x"], "response: ended early")
    assert decoded(None).note is None
