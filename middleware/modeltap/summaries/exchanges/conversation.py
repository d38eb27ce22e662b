"""A conversation with a language model: the messages of a request, and the completions.

Completions come from the protocol's decoder, which joins streams. Messages are read from the
request as OpenAI, Anthropic and Ollama write them; what is in no known form is left out, and is
still in the body.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from modeltap.decoding.output_tokens import is_completion
from modeltap.payload import Decoded, Payload, ToolCall

ASSISTANT = "assistant"

_MOST_TURNS = 500
"""Messages that are shown: a page of more is too long to read, and to load."""

_RESULTS = ("tool_result", "function_call_output")


@dataclass(frozen=True)
class ConversationTurn:
    """One message, or one completion.

    Attributes:
        role: such as "system", "user", "assistant" or "tool".
        notes: parts without text, such as "image", and why a completion ended.
        is_output: True for a completion of this exchange.
    """

    role: str
    text: str
    calls: tuple[ToolCall, ...] = ()
    notes: tuple[str, ...] = ()
    is_output: bool = False


@dataclass(frozen=True)
class Conversation:
    """The turns of an exchange in order, and the facts of its first completion by name."""

    turns: tuple[ConversationTurn, ...]
    facts: Mapping[str, Any]
    left_out: int = 0
    """Earlier messages that are not shown."""


def conversation_in(payload: Payload, decoded: Decoded) -> Conversation | None:
    """Return the conversation of a decoded exchange; None for other exchanges."""
    request = payload.request_json
    asked = list(_asked(request)) if isinstance(request, dict) else []
    # Each protocol of language models reports whether the response was a stream.
    is_answered = any("streamed" in own or is_completion(own) for own in decoded.answers)
    if not asked or not (is_answered or _has_messages(request)):
        return None
    left_out = max(0, len(asked) - _MOST_TURNS)
    facts = dict(decoded.answers[0]) if decoded.answers else {}
    turns = (*asked[left_out:], *_completions(decoded))
    return Conversation(turns, facts, left_out)


def _has_messages(request: Mapping[str, Any]) -> bool:
    messages = request.get("messages")
    return isinstance(messages, list) and all(
        isinstance(message, dict) and isinstance(message.get("role"), str) for message in messages
    )


def _completions(decoded: Decoded) -> Iterator[ConversationTurn]:
    for place, answer in enumerate(decoded.answers[:_MOST_TURNS]):
        text = decoded.predictions[place] if place < len(decoded.predictions) else None
        calls = decoded.calls[place] if place < len(decoded.calls) else []
        notes = [f"{name.replace('_', ' ')}: {answer[name]}" for name in _ENDS if answer.get(name)]
        if answer.get("ended_early"):
            notes.append("the stream ended early")
        if text is not None or calls or notes:
            yield ConversationTurn(ASSISTANT, _text(text), tuple(calls), tuple(notes), True)


_ENDS = ("finish_reason", "refusal", "error")


def _asked(request: Mapping[str, Any]) -> Iterator[ConversationTurn]:
    for name, role in (("system", "system"), ("instructions", "system")):
        if request.get(name):
            yield _turn(role, request[name])
    messages = request.get("messages")
    for message in messages if isinstance(messages, list) else ():
        yield from _message(message)
    for name in ("prompt", "input"):
        yield from _prompts(request.get(name))


def _prompts(value: Any) -> Iterator[ConversationTurn]:
    """Yield a prompt, several prompts, or the items of OpenAI's protocol *responses*."""
    if isinstance(value, str):
        yield ConversationTurn("user", value)
    for item in value if isinstance(value, list) else ():
        if isinstance(item, dict):
            yield from _message(item)
        elif isinstance(item, str):
            yield ConversationTurn("user", item)


def _message(message: Any) -> Iterator[ConversationTurn]:
    if not isinstance(message, dict):
        return
    kind = message.get("type")
    role = message.get("role")
    if kind in _RESULTS:
        yield ConversationTurn("tool", _text(message.get("output")))
    elif kind == "function_call":
        yield ConversationTurn(ASSISTANT, "", (_call(message),))
    elif isinstance(role, str):
        yield _turn(role, message.get("content"), tuple(_calls_of(message.get("tool_calls"))))


def _turn(role: str, content: Any, calls: tuple[ToolCall, ...] = ()) -> ConversationTurn:
    if not isinstance(content, list):
        return ConversationTurn(role, _text(content), calls)
    texts, notes, own = [], [], list(calls)
    for part in content:
        kind = part.get("type") if isinstance(part, dict) else None
        if isinstance(part, str):
            texts.append(part)
        elif not isinstance(part, dict):
            notes.append(_text(part))
        elif isinstance(part.get("text"), str):
            texts.append(part["text"])
        elif isinstance(kind, str) and kind.endswith("tool_use"):
            own.append(_call(part))
        elif kind in _RESULTS:
            inner = _turn("tool", part.get("content"))
            texts.append(inner.text)
            notes += ["result of a tool", *inner.notes]
        else:
            notes.append(kind if isinstance(kind, str) else "another part")
    return ConversationTurn(role, "\n".join(texts), tuple(own), tuple(notes))


def _calls_of(calls: Any) -> Iterator[ToolCall]:
    for call in calls if isinstance(calls, list) else ():
        if isinstance(call, dict):
            inner = call.get("function") or call.get("custom")
            yield _call(inner if isinstance(inner, dict) else call)


def _call(call: Mapping[str, Any]) -> ToolCall:
    return ToolCall(_text(call.get("name")), _text(call.get("arguments", call.get("input"))))


def _text(value: Any) -> str:
    """Return a value as text; of another type than text, as JSON."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    try:
        return json.dumps(value, ensure_ascii=False)
    except (TypeError, ValueError, RecursionError):
        return str(type(value).__name__)
