"""Ollama's own protocol, `/api/chat` and `/api/generate`, plain and streamed: one row.

Its endpoints under `/v1` speak OpenAI's protocol. A stream is JSON Lines, each a part of the text.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from modeltap.hookspecs import hookimpl
from modeltap.payload import Decoded, Payload
from modeltap_protocols._shared.completion import Completion
from modeltap_protocols._shared.generation import Generation
from modeltap_protocols._shared.prompts import (
    at,
    conversation_of,
    request_of,
    row_of,
    row_of_messages,
    system_of,
    text_of,
)
from modeltap_protocols._shared.sse import Document, stream_of

_COUNTS = {"prompt_eval_count": "input_tokens", "eval_count": "output_tokens"}


@hookimpl
def decode(payload: Payload) -> Decoded | None:
    """Decode by the path, or by a response that has `done` and a message or a text."""
    row = _row(payload)
    if row is None:
        return None
    generation = _read(payload)
    if not (generation.choices or at(payload, "/api/chat", "/api/generate")):
        return None
    return generation.decoded([row], payload)


def _row(payload: Payload) -> dict[str, Any] | None:
    conversation = conversation_of(payload)
    if conversation is not None:
        request, messages = conversation
        return row_of_messages(request, messages, system_of(messages))
    asked = request_of(payload, "model", "prompt") or {}
    if type(asked.get("prompt")) is not str:
        return None
    system = text_of(asked.get("system"))
    return row_of(asked, asked["prompt"]) | ({} if system is None else {"system": system})


def _read(payload: Payload) -> Generation:
    stream = stream_of(payload)
    generation = Generation(streamed=stream.is_stream)
    for document in _documents(payload, stream.documents):
        answer = document.json
        if answer.get("error"):
            generation.note(None, answer.get("model"), None, answer["error"])
        elif type(answer.get("done")) is bool:
            _read_part(generation, answer, document.line)
    return generation


def _documents(payload: Payload, documents: Any) -> Iterator[Document]:
    plain = payload.response_json
    if type(plain) is dict:
        yield Document(None, plain, 0)
    yield from documents


def _read_part(generation: Generation, answer: dict[str, Any], line: int) -> None:
    message = answer.get("message")
    if type(message) is not dict:
        message = {"content": answer.get("response"), "thinking": answer.get("thinking")}
    if type(message.get("content")) is not str and not message.get("tool_calls"):
        return
    completion = generation.at(0)
    completion.came(message.get("thinking"), line)
    completion.add(message.get("content"), line)
    _add_calls(completion, message.get("tool_calls"), line)
    usage = {name: answer.get(own) for own, name in _COUNTS.items()}
    generation.note(None, answer.get("model"), usage, None)
    if answer["done"]:
        generation.ended = True
        completion.finish(answer.get("done_reason"))


def _add_calls(completion: Completion, calls: Any, line: int) -> None:
    """Add calls of tools, which come whole, several in a part or one in each of several."""
    for place, call in enumerate(calls if type(calls) is list else ()):
        called = call.get("function") if type(call) is dict else None
        if type(called) is dict:
            completion.call(1000 * line + place, called.get("name"), called.get("arguments"), line)
