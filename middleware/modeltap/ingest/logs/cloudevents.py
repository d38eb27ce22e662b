"""CloudEvents: attributes and data from headers (binary mode) or JSON (structured mode)."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

_REQUIRED = ("id", "source", "type", "specversion")


class NoEvent(Exception):
    """Not a valid CloudEvent; the message gives the reason."""


@dataclass(slots=True)
class Event:
    """An event: its attributes by lower-case name, and its data as bytes."""

    attributes: dict[str, str]
    data: bytes
    content_type: str | None


def from_headers(headers: Iterable[tuple[str, str]], body: bytes) -> Event:
    """Return the event with attributes from ``ce-`` headers; raise `NoEvent` if one is missing."""
    named = {name.lower(): value for name, value in headers}
    # Headers hold ASCII only; other characters are percent-encoded.
    attributes = {
        name[3:]: unquote(value) for name, value in named.items() if name.startswith("ce-")
    }
    return Event(_complete(attributes, "header ce-"), body, named.get("content-type"))


def from_document(document: Any) -> Event:
    """Return the event in a JSON object; raise `NoEvent` if it is not a valid one."""
    if not isinstance(document, Mapping):
        raise NoEvent("not a CloudEvent: not a JSON object")
    attributes = {
        str(name).lower(): value if isinstance(value, str) else json.dumps(value)
        for name, value in document.items()
        if name not in ("data", "data_base64") and value is not None
    }
    return Event(_complete(attributes), _data(document), attributes.get("datacontenttype") or _JSON)


_JSON = "application/json"


def _complete(attributes: dict[str, str], prefix: str = "") -> dict[str, str]:
    for name in _REQUIRED:
        if not attributes.get(name):
            raise NoEvent(f"not a CloudEvent: no {prefix}{name}")
    return attributes


def _data(document: Mapping[str, Any]) -> bytes:
    encoded = document.get("data_base64")
    if isinstance(encoded, str):
        try:
            return base64.b64decode(encoded, validate=True)
        except (binascii.Error, ValueError):
            raise NoEvent("data_base64 is not valid base64") from None
    data = document.get("data")
    if data is None:
        return b""
    # If the content type is not JSON, text is the data itself.
    kind = document.get("datacontenttype")
    if isinstance(data, str) and not _is_json(kind if isinstance(kind, str) else _JSON):
        return data.encode("utf-8", "surrogatepass")
    return json.dumps(data, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "replace")


def _is_json(content_type: str) -> bool:
    media = content_type.partition(";")[0].strip().lower()
    return media.endswith(("/json", "+json"))
