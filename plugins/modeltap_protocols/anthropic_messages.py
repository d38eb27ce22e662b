"""Anthropic's messages, plain and streamed by events: one row."""

from __future__ import annotations

from typing import Any

from modeltap.hookspecs import hookimpl
from modeltap.payload import Decoded, Payload
from modeltap_protocols._shared.asked import at, conversation_of, row_of_messages, text_of
from modeltap_protocols._shared.generation import Generation
from modeltap_protocols._shared.sse import Document, stream_of


@hookimpl
def decode(payload: Payload) -> Decoded | None:
    """Decode by the path, or by messages that were answered with a message."""
    asked = conversation_of(payload)
    if asked is None:
        return None
    request, messages = asked
    found = _read(payload)
    if not (found.choices or at(payload, "/messages")):
        return None
    row = row_of_messages(request, messages, text_of(request.get("system")))
    return found.decoded([row], payload)


def _read(payload: Payload) -> Generation:
    stream = stream_of(payload)
    found = Generation(streamed=stream.is_stream)
    plain = payload.response_json
    if type(plain) is dict and _is_answer(plain):
        _read_message(found, plain)
    for one in stream.documents:
        _read_event(found, one)
    return found


def _is_answer(document: dict[str, Any]) -> bool:
    """Say whether it is a message or an error; a gateway may leave out what it calls itself."""
    content = document.get("content")
    blocks = type(content) is list and any(type(b) is dict and "type" in b for b in content)
    return blocks or document.get("type") in ("message", "error")


def _read_message(found: Generation, message: dict[str, Any]) -> None:
    found.describe(message)
    if message.get("type") == "error":
        return
    found.at(0).finish(message.get("stop_reason"))
    content = message.get("content")
    for place, block in enumerate(content if type(content) is list else ()):
        _read_block(found, block, place, 0)


def _read_event(found: Generation, one: Document) -> None:
    event, document = one.json.get("type") or one.event, one.json
    if event == "message_start" and type(document.get("message")) is dict:
        _read_message(found, document["message"])
        found.at(0)
    elif event == "content_block_start":
        _read_block(found, document.get("content_block"), document.get("index"), one.line)
    elif event == "content_block_delta" and type(document.get("delta")) is dict:
        _read_delta(found, document["delta"], document.get("index"), one.line)
    elif event == "message_delta":
        found.describe({"usage": document.get("usage")})
        if type(document.get("delta")) is dict:
            found.at(0).finish(document["delta"].get("stop_reason"))
    elif event == "message_stop":
        found.ended = True
    elif event == "error":
        found.fail(document.get("error") or document)


def _read_block(found: Generation, block: Any, place: Any, line: int) -> None:
    if type(block) is not dict:
        return
    one = found.at(0)
    if block.get("type") == "text":
        one.add(block.get("text"), line)
    elif block.get("type") == "thinking":
        one.came(block.get("thinking"), line)
    elif type(block.get("type")) is str and block["type"].endswith("tool_use"):
        one.call(place, block.get("name"), None, line, block.get("id"))


def _read_delta(found: Generation, delta: dict[str, Any], place: Any, line: int) -> None:
    one = found.at(0)
    if delta.get("type") == "text_delta":
        one.add(delta.get("text"), line)
    elif delta.get("type") == "input_json_delta":
        one.call(place, None, delta.get("partial_json"), line)
    elif delta.get("type") == "thinking_delta":
        one.came(delta.get("thinking"), line)
