"""A response of a judge: its choice, or the reason why it has none."""

from __future__ import annotations

import json
import re
import string
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

Outcome = Literal[
    "answered",
    "unreadable",
    "refused",
    "not_json",
    "unexpected",
    "rejected",
    "rate_limited",
    "server_error",
    "timeout",
    "connection",
    "over_budget",
]

DESCRIPTIONS: dict[str, str] = {
    "answered": "answered",
    "unreadable": "reply is none of the choices",
    "refused": "judge refused",
    "not_json": "response is not JSON",
    "unexpected": "response is not a chat completion",
    "rejected": "request rejected",
    "rate_limited": "rate limited (429)",
    "server_error": "server error",
    "timeout": "timeout",
    "connection": "connection failed",
    "over_budget": "budget of the day used up",
}

_MARKS = " \t\r\n\"'`*_.():[]{}<>"


@dataclass(frozen=True)
class JudgeReply:
    """The choice of a judge, None with the reason; and the tokens it counted, None if unknown.

    `detail` completes the reason for a message. `retry_after` is in seconds.
    """

    outcome: Outcome
    choice: str | None = None
    tokens: int | None = None
    detail: str = ""
    retry_after: float | None = None


def reply_of(body: bytes, listed: Sequence[str]) -> JudgeReply:
    """Return the reply in the body of a successful response.

    >>> body = b'{"choices": [{"message": {"content": "B"}}], "usage": {"total_tokens": 9}}'
    >>> reply_of(body, ("good", "bad"))
    JudgeReply(outcome='answered', choice='bad', tokens=9, detail='', retry_after=None)
    """
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return JudgeReply("not_json", detail=_beginning(body))
    message, reason = _message(document)
    tokens = _tokens(document)
    if message is None:
        return JudgeReply("unexpected", tokens=tokens, detail=_beginning(body))
    content = message.get("content")
    if message.get("refusal") or reason == "content_filter":
        return JudgeReply("refused", tokens=tokens)
    choice = choice_in(content, listed) if isinstance(content, str) else None
    if choice is None:
        return JudgeReply("unreadable", tokens=tokens)
    return JudgeReply("answered", choice, tokens)


def choice_in(content: str, listed: Sequence[str]) -> str | None:
    """Return the choice that a text names by its letter or its name; None if it names none.

    >>> [choice_in(text, ("good", "bad")) for text in ("A", "**B**", "Good.", "A or B", "")]
    ['good', 'bad', 'good', None, None]
    >>> choice_in('{"choice": "B"}', ("good", "bad")), choice_in("B: bad", ("good", "bad"))
    ('bad', 'bad')
    """
    text = _unwrapped(content).strip(_MARKS)
    letters = dict(zip(string.ascii_uppercase, listed, strict=False))
    if text.upper() in letters and len(text) == 1:
        return letters[text.upper()]
    for choice in listed:
        if text.casefold() == choice.strip(_MARKS).casefold():
            return choice
    both = re.fullmatch(r"([A-Za-z])\s*[:).-]\s*(.+)", text, re.DOTALL)
    if both and both[1].upper() in letters:
        named = letters[both[1].upper()]
        return named if both[2].strip(_MARKS).casefold() == named.casefold() else None
    return None


def _unwrapped(content: str) -> str:
    """Return the only value of a JSON object of one member, else the text."""
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        return content
    if isinstance(document, dict) and len(document) == 1:
        (value,) = document.values()
        return value if isinstance(value, str) else ""
    return document if isinstance(document, str) else content


def _message(document: Any) -> tuple[dict[str, Any] | None, Any]:
    choices = document.get("choices") if isinstance(document, dict) else None
    first = choices[0] if isinstance(choices, list) and choices else None
    message = first.get("message") if isinstance(first, dict) else None
    if not isinstance(first, dict) or not isinstance(message, dict):
        return None, None
    return message, first.get("finish_reason")


def _tokens(document: Any) -> int | None:
    usage = document.get("usage") if isinstance(document, dict) else None
    total = usage.get("total_tokens") if isinstance(usage, dict) else None
    return total if type(total) is int and 0 <= total < 2**53 else None


def _beginning(body: bytes) -> str:
    text = " ".join(body[:200].decode("utf-8", "replace").split())
    return repr(text[:60])
