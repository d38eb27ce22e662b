"""Documents of OpenAI's responses, decoded at once or one by one."""

from __future__ import annotations

import json
import random

import pytest

from modeltap.payload import Payload
from modeltap_protocols._shared.chunks import Chunk, chunk_of, chunks_of
from modeltap_protocols._shared.sse import stream_of

ODD = [None, 1, 1.5, "x", [], {}, [None], {"a": 1}, True]
"""Values of any type, for members that should have another."""


def odd_document(rng):
    """Return a document in which any member may be missing or have a wrong type."""

    def either(*values):
        return rng.choice([*values, *values, *values, rng.choice(ODD)])

    def message():
        return {"role": "assistant", "content": either("Hel", None), "refusal": either(None)}

    def choice():
        return {
            "index": either(0, 1),
            "delta": either(message(), {}),
            "message": either(None, message()),
            "finish_reason": either(None, "stop"),
        }

    return {
        "id": either("c"),
        "choices": either([either(choice()), either(choice())], []),
        "usage": either(None, {"prompt_tokens": 3}),
        "extra": either("ignored"),
    }


@pytest.mark.parametrize("seed", range(200))
def test_a_stream_has_the_same_chunks_at_once_and_one_by_one(seed):
    """An invalid document forces one by one, and is left out."""
    rng = random.Random(seed)
    documents = [odd_document(rng) for _ in range(rng.randint(1, 4))]
    events = [f"data: {json.dumps(document)}\n\n" for document in documents]
    together = chunks_of(stream_of(Payload("/", None, 200, None, "".join(events))))
    invalid = 'data: {"id": "c", }\n\n'
    singly = chunks_of(stream_of(Payload("/", None, 200, None, "".join([*events, invalid]))))
    assert list(together) == list(singly)


def test_two_objects_in_one_event_are_not_taken_for_two_events():
    """Nor is an event without an object counted."""
    body = 'data: {"id": "a"} {"id": "b"}\n\ndata: 1\n\ndata: {"id": "c"}\n\n'
    chunks = chunks_of(stream_of(Payload("/", None, 200, None, body)))
    assert [(chunk.id, line) for chunk, line in chunks] == [("c", 5)]


def test_an_event_named_error_is_an_error():
    """With and without a member of this name."""
    body = 'event: error\ndata: {"message": "m"}\n\nevent: error\ndata: {"error": "e"}\n\n'
    chunks = chunks_of(stream_of(Payload("/", None, 200, None, body)))
    assert [chunk.error for chunk, _ in chunks] == [{"message": "m"}, "e"]


def test_members_of_a_wrong_type_are_left_out():
    """And the others kept."""
    document = {"id": 1, "choices": [{"index": 0, "delta": {"content": "a"}}, "b"], "model": "m"}
    chunk = chunk_of(document)
    assert (chunk.id, chunk.model, chunk.choices[1]) == (1, "m", None)
    assert chunk.choices[0].delta.content == "a"
    assert chunk_of({"choices": 3}) == Chunk(choices=[])
