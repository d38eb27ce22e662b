"""Other exchanges of one's session: of the same trace, or with the same session id.

A session id is a header that was recorded, or a field of the body, with one of a few names.
A masked one names no session; `mask_with = "hash"` keeps sessions apart without their ids.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from modeltap.payload import parse_json
from modeltap.privacy.marks import MASK
from modeltap.store.exchange_context import exchanges_naming, exchanges_of_trace

_KINDS = ("session", "conversation", "thread", "chat", "dialog", "dialogue")
_NAME = re.compile(rf"(?:x[-_])?({'|'.join(_KINDS)})[-_]?(?:id|key|uuid)?", re.IGNORECASE)
_AROUND = ("metadata", "meta", "context", "extra_body", "user")
"""Objects of a body whose fields are searched, too."""

_LONGEST_ID = 200


class SessionKey(NamedTuple):
    """The field or header that holds a session's id, and the id."""

    name: str
    value: str


@dataclass(frozen=True)
class Session:
    """The exchanges of a session in order of arrival, and what they have in common."""

    key: SessionKey
    exchanges: list[dict[str, Any]]


def session_of(connection: sqlite3.Connection, exchange: Mapping[str, Any]) -> Session | None:
    """Return the session of an exchange; None if it has none, or is alone in it.

    Args:
        exchange: its columns; bodies are decompressed.
    """
    for key in session_keys(exchange):
        written = _written(key.value, exchange)
        near = exchanges_naming(connection, exchange["seq"], exchange["model"], written)
        rows = [row for row in near if key in session_keys(row)]
        if len(rows) > 1:
            return Session(key, rows)
    trace = exchange["trace_id"]
    rows = exchanges_of_trace(connection, trace) if trace else []
    return Session(SessionKey("trace", trace), rows) if len(rows) > 1 else None


def session_keys(exchange: Mapping[str, Any]) -> list[SessionKey]:
    """Return the session ids in a request, those of headers first.

    >>> session_keys({"request_headers": None, "request_body": '{"chat_id": "a1", "x": 2}'})
    [SessionKey(name='chat_id', value='a1')]
    """
    return [
        SessionKey(name, str(value))
        for name, value in (
            *_pairs(parse_json(exchange["request_headers"])),
            *_pairs(parse_json(exchange["request_body"]), _AROUND),
        )
        if _is_id(value) and _NAME.fullmatch(name)
    ]


def _pairs(document: Any, around: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    if not isinstance(document, dict):
        return
    yield from document.items()
    for name in around:
        if isinstance(document.get(name), dict):
            yield from document[name].items()


def _is_id(value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, str | int):
        return False
    return 0 < len(str(value)) <= _LONGEST_ID and value != MASK


def _written(value: str, exchange: Mapping[str, Any]) -> str:
    """Return an id as a request has it: as it is, or as JSON escapes it."""
    texts = (exchange["request_headers"], exchange["request_body"])
    is_plain = any(isinstance(text, str) and value in text for text in texts)
    return value if is_plain else json.dumps(value)[1:-1]
