"""Documents of OpenAI's chat and text completions: whole responses, and the chunks of streams.

A stream has a document for each token. Only the members that are read are decoded, of all
documents in one call, because dictionaries of all members take several times as long.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeVar

import msgspec

from modeltap_protocols._shared.sse import Stream, decoded_at_once

S = TypeVar("S", bound=msgspec.Struct)


class Message(msgspec.Struct, gc=False):
    """A message, or the part of it in one chunk; the members have any type."""

    content: Any = None
    refusal: Any = None
    reasoning_content: Any = None
    reasoning: Any = None
    tool_calls: Any = None
    function_call: Any = None


class Choice(msgspec.Struct, gc=False):
    """One of the completions that were asked for, or a part of it."""

    index: Any = None
    finish_reason: Any = None
    text: Any = None
    """The text of a completion that is not a chat."""
    message: Message | None = None
    delta: Message | None = None


class Chunk(msgspec.Struct, gc=False):
    """A document of a response; a choice that is not an object is None."""

    id: Any = None
    model: Any = None
    usage: Any = None
    error: Any = None
    choices: list[Choice | None] | None = None


_read_chunks = msgspec.json.Decoder(Chunk).decode_lines


def chunks_of(stream: Stream) -> Iterator[tuple[Chunk, int]]:
    """Yield the documents of a stream, each with the number of the line that ended it."""
    names = {event.event for event in stream.events}
    chunks = None if "error" in names else decoded_at_once(stream.events, _read_chunks)
    if chunks:
        yield from zip(chunks, [event.line for event in stream.events], strict=True)
        return
    for name, document, line in stream.documents:
        chunk = chunk_of(document)
        if name == "error":
            chunk.error = document.get("error", document) or name
        yield chunk, line


def chunk_of(document: dict[str, Any]) -> Chunk:
    """Return the members of a JSON object that are read; those with a wrong type are left out.

    >>> chunk_of({"id": 7, "choices": [None, {"index": 1, "delta": "x"}]}).choices
    [None, Choice(index=1, finish_reason=None, text=None, message=None, delta=None)]
    """
    try:
        return msgspec.convert(document, Chunk)
    except msgspec.ValidationError:
        choices = document.get("choices")
        listed = choices if type(choices) is list else []
        return _members_of({**document, "choices": list(map(_choice, listed))}, Chunk)


def _choice(value: Any) -> Choice | None:
    if type(value) is not dict:
        return None
    messages = {
        name: _members_of(value[name], Message) if type(value.get(name)) is dict else None
        for name in ("message", "delta")
    }
    return _members_of({**value, **messages}, Choice)


def _members_of(document: dict[str, Any], kind: type[S]) -> S:
    return kind(**{n: document[n] for n in kind.__struct_fields__ if n in document})
