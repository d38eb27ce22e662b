"""Anthropic's Messages API, plain and streamed: one row."""

from __future__ import annotations

from typing import Any

from modeltap.hookspecs import hookimpl
from modeltap.payload import Decoded, Payload
from modeltap_protocols._shared.generation import Generation
from modeltap_protocols._shared.prompts import at, conversation_of, row_of_messages, text_of
from modeltap_protocols._shared.sse import Document, stream_of


@hookimpl
def decode(payload: Payload) -> Decoded | None:
    """Decode by the path, or by messages whose response is a message."""
    conversation = conversation_of(payload)
    if conversation is None:
        return None
    request, messages = conversation
    generation = _read(payload)
    if not (generation.choices or at(payload, "/messages")):
        return None
    row = row_of_messages(request, messages, text_of(request.get("system")))
    return generation.decoded([row], payload)


def _read(payload: Payload) -> Generation:
    stream = stream_of(payload)
    generation = Generation(streamed=stream.is_stream)
    plain = payload.response_json
    if type(plain) is dict and _is_answer(plain):
        _read_message(generation, plain)
    for event in stream.documents:
        _read_event(generation, event)
    return generation


def _is_answer(document: dict[str, Any]) -> bool:
    """Return True for a message or an error; a gateway may omit the message's type."""
    content = document.get("content")
    blocks = type(content) is list and any(type(b) is dict and "type" in b for b in content)
    return blocks or document.get("type") in ("message", "error")


def _read_message(generation: Generation, message: dict[str, Any]) -> None:
    generation.describe(message)
    if message.get("type") == "error":
        return
    generation.at(0).finish(message.get("stop_reason"))
    content = message.get("content")
    for place, block in enumerate(content if type(content) is list else ()):
        _read_block(generation, block, place, 0)


def _read_event(generation: Generation, event: Document) -> None:
    kind, document = event.json.get("type") or event.event, event.json
    if kind == "message_start" and type(document.get("message")) is dict:
        _read_message(generation, document["message"])
        generation.at(0)
    elif kind == "content_block_start":
        _read_block(generation, document.get("content_block"), document.get("index"), event.line)
    elif kind == "content_block_delta" and type(document.get("delta")) is dict:
        _read_delta(generation, document["delta"], document.get("index"), event.line)
    elif kind == "message_delta":
        generation.describe({"usage": document.get("usage")})
        if type(document.get("delta")) is dict:
            generation.at(0).finish(document["delta"].get("stop_reason"))
    elif kind == "message_stop":
        generation.ended = True
    elif kind == "error":
        generation.fail(document.get("error") or document)


def _read_block(generation: Generation, block: Any, place: Any, line: int) -> None:
    if type(block) is not dict:
        return
    completion = generation.at(0)
    if block.get("type") == "text":
        completion.add(block.get("text"), line)
    elif block.get("type") == "thinking":
        completion.came(block.get("thinking"), line)
    elif type(block.get("type")) is str and block["type"].endswith("tool_use"):
        completion.call(place, block.get("name"), block.get("input"), line, block.get("id"))


def _read_delta(generation: Generation, delta: dict[str, Any], place: Any, line: int) -> None:
    completion = generation.at(0)
    if delta.get("type") == "text_delta":
        completion.add(delta.get("text"), line)
    elif delta.get("type") == "input_json_delta":
        completion.call(place, None, delta.get("partial_json"), line)
    elif delta.get("type") == "thinking_delta":
        completion.came(delta.get("thinking"), line)
