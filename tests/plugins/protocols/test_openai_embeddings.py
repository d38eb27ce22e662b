"""Embeddings, asked by OpenAI's own client of a real server."""

from __future__ import annotations

import json

import pytest

from modeltap.decoding.decoders import Decoders
from modeltap.payload import Payload


@pytest.fixture
def client(llm):
    """OpenAI's own client of the server."""
    from openai import OpenAI  # takes a second, which only the process of these tests pays

    with OpenAI(api_key="x", base_url=f"{llm.url}/v1", max_retries=0) as one:
        yield one


@pytest.mark.parametrize("form", [{}, {"encoding_format": "float"}])
def test_each_input_is_a_row_with_its_vector(llm, client, form):
    """As base64, which the client asks for by itself, and as numbers."""
    answer = client.embeddings.create(model="m", input=["one", "three"], **form)
    vectors = [[3.0, 0.5, -1.0], [5.0, 0.5, -1.0]]
    assert [one.embedding for one in sorted(answer.data, key=lambda d: d.index)] == vectors
    found = llm.seen().found
    assert [row["prompt"] for row in found.rows] == ["one", "three"]
    assert found.rows[0]["encoding_format"] == form.get("encoding_format", "base64")
    assert [one["embedding"] for one in found.answers] == vectors
    assert found.answers[0] == {
        "embedding": vectors[0],
        "dimensions": 3,
        "model_name": "m-v2",
        "input_tokens": 6,
        "tokens_source": "usage",
    }
    assert (found.predictions, found.note) == ([], None)


@pytest.mark.parametrize("indices", [(0, 7), (-1, 0), (1, 2), (0, 0)])
def test_vectors_of_no_input_are_noted(indices):
    """An index says whose a vector is; who has none of his own must not get an empty one."""
    data = [{"index": index, "embedding": [1.0, 2.0]} for index in indices]
    request = '{"model": "m", "input": ["one", "two"]}'
    answer = json.dumps({"data": data})
    found = Decoders().decode(Payload("/v1/embeddings", None, 200, request, answer))
    assert (len(found.rows), found.answers) == (2, [])
    assert found.note.startswith("unpaired: 2 rows, ")


def test_one_input_is_one_row(llm, client):
    """A text by itself."""
    client.embeddings.create(model="m", input="one", dimensions=3)
    (row,) = llm.seen().found.rows
    assert row == {
        "prompt": "one",
        "model_asked": "m",
        "encoding_format": "base64",
        "dimensions": 3,
    }
