"""Requests to language models: texts of messages and their parts, and parameters."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from modeltap.payload import Payload

_OWN = frozenset(("model", "messages", "prompt", "input", "instructions", "system", "suffix"))
_MAX_PARAMETER = 100
"""A longer text is not a parameter."""

_PARTS = {
    "image": "images",
    "image_url": "images",
    "input_image": "images",
    "input_audio": "audios",
    "audio": "audios",
    "file": "files",
    "input_file": "files",
    "document": "files",
}


def request_of(payload: Payload, *names: str) -> dict[str, Any] | None:
    """Return the request if it is an object with all of `names`, else None."""
    request = payload.request_json
    return request if type(request) is dict and all(name in request for name in names) else None


def at(payload: Payload, *ends: str) -> bool:
    """Return True if the path ends with one of `ends`."""
    return (payload.path or "").rstrip("/").endswith(ends)


def messages_of(value: Any) -> list[dict[str, Any]] | None:
    """Return a list of messages, each an object with a role; None for anything else.

    >>> messages_of([{"role": "user", "content": "hi"}]), messages_of([[1, 2]]), messages_of([])
    ([{'role': 'user', 'content': 'hi'}], None, None)
    """
    if type(value) is not list or not value:
        return None
    are_messages = all(type(item) is dict and type(item.get("role")) is str for item in value)
    return value if are_messages else None


def conversation_of(payload: Payload) -> tuple[dict[str, Any], list[dict[str, Any]]] | None:
    """Return a request and its messages; None for a request without messages."""
    request = request_of(payload, "messages")
    messages = messages_of(request["messages"]) if request else None
    return (request, messages) if request and messages else None


def row_of(request: dict[str, Any], prompt: str | None) -> dict[str, Any]:
    """Return the row of a request: its prompt, requested model, number of tools, parameters."""
    row: dict[str, Any] = {
        name: value
        for name, value in request.items()
        if name not in _OWN
        and (
            type(value) in (bool, int, float)
            or (type(value) is str and len(value) <= _MAX_PARAMETER)
        )
    }
    if type(request.get("model")) is str:
        row["model_asked"] = request["model"]
    if type(request.get("tools")) is list:
        row["tools"] = len(request["tools"])
    row["prompt"] = prompt
    return row


def row_of_messages(
    request: dict[str, Any], messages: Sequence[dict[str, Any]], system: str | None
) -> dict[str, Any]:
    """Return the row of a conversation; its prompt is the last text of the user."""
    texts = [text_of(m.get("content")) for m in messages if m["role"] == "user"]
    row = row_of(request, next((text for text in reversed(texts) if text is not None), None))
    row |= {"messages": len(messages), "images": 0}
    if system is not None:
        row["system"] = system
    return row | Counter(kind for m in messages for kind in _media(m.get("content")))


def system_of(messages: Sequence[dict[str, Any]]) -> str | None:
    """Return the text of the messages with the role system or developer."""
    contents = [text_of(m.get("content")) for m in messages if m["role"] in ("system", "developer")]
    texts = [text for text in contents if text is not None]
    return "\n".join(texts) if texts else None


def text_of(content: Any, between: str = "\n") -> str | None:
    """Return the text of a content, or of its parts; None if it has none.

    >>> text_of([{"type": "text", "text": "a"}, {"type": "image_url"}, {"text": "b"}])
    'a\\nb'
    """
    if type(content) is str:
        return content
    if type(content) is not list:
        return None
    parts = [part.get("text") if type(part) is dict else part for part in content]
    texts = [text for text in parts if type(text) is str]
    return between.join(texts) if texts else None


def _media(content: Any) -> list[str]:
    if type(content) is not list:
        return []
    kinds = [part.get("type") for part in content if type(part) is dict]
    return [_PARTS[kind] for kind in kinds if type(kind) is str and kind in _PARTS]
