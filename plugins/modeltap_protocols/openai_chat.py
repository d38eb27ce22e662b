"""OpenAI's chat completions, plain and streamed: a row for each choice."""

from __future__ import annotations

from typing import Any

from modeltap.hookspecs import hookimpl
from modeltap.payload import Decoded, Payload
from modeltap_protocols._shared.asked import (
    at,
    conversation_of,
    row_of_messages,
    system_of,
    text_of,
)
from modeltap_protocols._shared.completion import Completion
from modeltap_protocols._shared.generation import Generation
from modeltap_protocols._shared.sse import stream_of

_REASONING = ("reasoning_content", "reasoning")
"""Where servers put what a model thinks before it answers."""


@hookimpl
def decode(payload: Payload) -> Decoded | None:
    """Decode by the path, or by messages that were answered with choices."""
    asked = conversation_of(payload)
    if asked is None:
        return None
    request, messages = asked
    found = read_choices(payload, _add)
    if not (found.choices or at(payload, "/chat/completions")):
        return None
    row = row_of_messages(request, messages, system_of(messages))
    return found.decoded([dict(row) for _ in range(found.count or 1)], payload)


def read_choices(payload: Payload, add: Any) -> Generation:
    """Read an answer that consists of `choices`; `add(completion, choice, line)` reads one."""
    stream = stream_of(payload)
    found = Generation(streamed=stream.is_stream, ended=stream.done)
    plain = payload.response_json
    if type(plain) is dict:
        _read(found, plain, 0, add)
    for one in stream.documents:
        _read(found, one.json, one.line, add)
        if one.event == "error":
            found.fail(one.json.get("error", one.json))
    if found.choices and all(one.finish_reason for one in found.choices.values()):
        found.ended = True
    return found


def _read(found: Generation, document: dict[str, Any], line: int, add: Any) -> None:
    found.describe(document)
    choices = document.get("choices")
    for place, choice in enumerate(choices if type(choices) is list else ()):
        if type(choice) is dict:
            one = found.at(choice.get("index"), place)
            one.finish(choice.get("finish_reason"))
            add(one, choice, line)


def _add(one: Completion, choice: dict[str, Any], line: int) -> None:
    for name in ("message", "delta"):
        said = choice.get(name)
        if type(said) is dict:
            one.add(text_of(said.get("content"), ""), line)
            one.refuse(said.get("refusal"), line)
            for thought in map(said.get, _REASONING):
                one.came(thought, line)
            _add_calls(one, said, line)


def _add_calls(one: Completion, said: dict[str, Any], line: int) -> None:
    calls = said.get("tool_calls")
    for place, call in enumerate(calls if type(calls) is list else ()):
        if type(call) is not dict:
            continue
        for kind, words in (("function", "arguments"), ("custom", "input")):
            if type(call.get(kind)) is dict:
                called = call[kind]
                key = call.get("index", place)
                one.call(key, called.get("name"), called.get(words), line, call.get("id"))
    old = said.get("function_call")
    if type(old) is dict:
        one.call("function_call", old.get("name"), old.get("arguments"), line)
