"""Requests to a language model: texts in messages and their parts, and parameters."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from modeltap.payload import Payload

_OWN = frozenset(("model", "messages", "prompt", "input", "instructions", "system", "suffix"))
_MAX_PARAMETER = 100
"""A longer text is no parameter."""

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
    """Say whether the path ends with one of `ends`."""
    return (payload.path or "").rstrip("/").endswith(ends)


def messages_of(value: Any) -> list[dict[str, Any]] | None:
    """Return messages, each an object with a role; None for what is no such list.

    >>> messages_of([{"role": "user", "content": "hi"}]), messages_of([[1, 2]]), messages_of([])
    ([{'role': 'user', 'content': 'hi'}], None, None)
    """
    if type(value) is not list or not value:
        return None
    known = all(type(one) is dict and type(one.get("role")) is str for one in value)
    return value if known else None


def conversation_of(payload: Payload) -> tuple[dict[str, Any], list[dict[str, Any]]] | None:
    """Return a request with messages, and those; None for what is no such request."""
    request = request_of(payload, "messages")
    messages = messages_of(request["messages"]) if request else None
    return (request, messages) if request and messages else None


def row_of(request: dict[str, Any], prompt: str | None) -> dict[str, Any]:
    """Return the row of a request: its prompt, the model that it names, tools and parameters."""
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
    said = [text_of(one.get("content")) for one in messages if one["role"] == "user"]
    row = row_of(request, next((text for text in reversed(said) if text is not None), None))
    row |= {"messages": len(messages), "images": 0}
    if system is not None:
        row["system"] = system
    return row | Counter(kind for one in messages for kind in _media(one.get("content")))


def system_of(messages: Sequence[dict[str, Any]]) -> str | None:
    """Return what the messages of the system, or the developer, say."""
    said = [text_of(m.get("content")) for m in messages if m["role"] in ("system", "developer")]
    texts = [text for text in said if text is not None]
    return "\n".join(texts) if texts else None


def text_of(content: Any, between: str = "\n") -> str | None:
    """Return a content's text: itself, or that of its parts; None where there is none.

    >>> text_of([{"type": "text", "text": "a"}, {"type": "image_url"}, {"text": "b"}])
    'a\\nb'
    """
    if type(content) is str:
        return content
    if type(content) is not list:
        return None
    texts = [part.get("text") if type(part) is dict else part for part in content]
    found = [text for text in texts if type(text) is str]
    return between.join(found) if found else None


def _media(content: Any) -> list[str]:
    if type(content) is not list:
        return []
    kinds = [part.get("type") for part in content if type(part) is dict]
    return [_PARTS[kind] for kind in kinds if type(kind) is str and kind in _PARTS]
