"""OpenAI's chat completions, plain and streamed: one row per choice."""

from __future__ import annotations

from typing import Any

from modeltap.hookspecs import hookimpl
from modeltap.payload import Decoded, Payload
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

_REASONING = ("reasoning_content", "reasoning")
"""Members with the reasoning before the response, on several servers."""


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


def read_choices(payload: Payload, add: Any) -> Generation:
    """Read a response that consists of `choices`; `add(completion, choice, line)` reads one."""
    stream = stream_of(payload)
    generation = Generation(streamed=stream.is_stream, ended=stream.done)
    plain = payload.response_json
    if type(plain) is dict:
        _read(generation, plain, 0, add)
    for document in stream.documents:
        _read(generation, document.json, document.line, add)
        if document.event == "error":
            generation.fail(document.json.get("error", document.json))
    if generation.choices and all(c.finish_reason for c in generation.choices.values()):
        generation.ended = True
    return generation


def _read(generation: Generation, document: dict[str, Any], line: int, add: Any) -> None:
    generation.describe(document)
    choices = document.get("choices")
    for place, choice in enumerate(choices if type(choices) is list else ()):
        if type(choice) is dict:
            completion = generation.at(choice.get("index"), place)
            completion.finish(choice.get("finish_reason"))
            add(completion, choice, line)


def _add(completion: Completion, choice: dict[str, Any], line: int) -> None:
    for name in ("message", "delta"):
        message = choice.get(name)
        if type(message) is dict:
            completion.add(text_of(message.get("content"), ""), line)
            completion.refuse(message.get("refusal"), line)
            for thought in map(message.get, _REASONING):
                completion.came(thought, line)
            _add_calls(completion, message, line)


def _add_calls(completion: Completion, message: dict[str, Any], line: int) -> None:
    calls = message.get("tool_calls")
    for place, call in enumerate(calls if type(calls) is list else ()):
        if type(call) is not dict:
            continue
        for kind, member in (("function", "arguments"), ("custom", "input")):
            if type(call.get(kind)) is dict:
                called = call[kind]
                key = call.get("index", place)
                completion.call(key, called.get("name"), called.get(member), line, call.get("id"))
    legacy_call = message.get("function_call")
    if type(legacy_call) is dict:
        completion.call(
            "function_call", legacy_call.get("name"), legacy_call.get("arguments"), line
        )
