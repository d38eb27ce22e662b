"""OpenAI's chat completions, plain and streamed: one row per choice."""

from __future__ import annotations

from collections.abc import Callable

from modeltap.hookspecs import hookimpl
from modeltap.payload import Decoded, Payload
from modeltap_protocols._shared.chunks import Choice, Chunk, Message, chunk_of, chunks_of
from modeltap_protocols._shared.completion import Completion
from modeltap_protocols._shared.generation import Generation
from modeltap_protocols._shared.prompts import (
    at,
    conversation_of,
    row_of_messages,
    system_of,
    text_of,
)
from modeltap_protocols._shared.sse import stream_of

AddChoice = Callable[[Completion, Choice, int], None]
"""Adds a choice, or a part of one from the line with this number, to its completion."""


@hookimpl
def decode(payload: Payload) -> Decoded | None:
    """Decode by the path, or by messages whose response has choices."""
    conversation = conversation_of(payload)
    if conversation is None:
        return None
    request, messages = conversation
    generation = read_choices(payload, _add)
    if not (generation.choices or at(payload, "/chat/completions")):
        return None
    row = row_of_messages(request, messages, system_of(messages))
    return generation.decoded([dict(row) for _ in range(generation.count or 1)], payload)


def read_choices(payload: Payload, add: AddChoice) -> Generation:
    """Read a response that consists of `choices`; `add(completion, choice, line)` reads one."""
    stream = stream_of(payload)
    generation = Generation(streamed=stream.is_stream, ended=stream.done)
    plain = payload.response_json
    if type(plain) is dict:
        _read(generation, chunk_of(plain), 0, add)
    for chunk, line in chunks_of(stream):
        _read(generation, chunk, line, add)
    if generation.choices and all(c.finish_reason for c in generation.choices.values()):
        generation.ended = True
    return generation


def _read(generation: Generation, chunk: Chunk, line: int, add: AddChoice) -> None:
    # A stream has a chunk for each token, and all repeat its id and model.
    if chunk.usage or chunk.error or generation.id is None or generation.model is None:
        generation.note(chunk.id, chunk.model, chunk.usage, chunk.error)
    for place, choice in enumerate(chunk.choices or ()):
        if choice is not None:
            completion = generation.at(choice.index, place)
            if choice.finish_reason is not None:
                completion.finish(choice.finish_reason)
            add(completion, choice, line)


def _add(completion: Completion, choice: Choice, line: int) -> None:
    for message in (choice.message, choice.delta):
        if message is None:
            continue
        if type(message.content) is str:
            completion.add(message.content, line)
        elif message.content is not None:
            completion.add(text_of(message.content, ""), line)
        if message.refusal is not None:
            completion.refuse(message.refusal, line)
        for thought in (message.reasoning_content, message.reasoning):
            if thought is not None:
                completion.came(thought, line)
        if message.tool_calls is not None or message.function_call is not None:
            _add_calls(completion, message, line)


def _add_calls(completion: Completion, message: Message, line: int) -> None:
    calls = message.tool_calls
    for place, call in enumerate(calls if type(calls) is list else ()):
        if type(call) is not dict:
            continue
        for kind, member in (("function", "arguments"), ("custom", "input")):
            if type(call.get(kind)) is dict:
                called = call[kind]
                key = call.get("index", place)
                completion.call(key, called.get("name"), called.get(member), line, call.get("id"))
    legacy_call = message.function_call
    if type(legacy_call) is dict:
        completion.call(
            "function_call", legacy_call.get("name"), legacy_call.get("arguments"), line
        )
