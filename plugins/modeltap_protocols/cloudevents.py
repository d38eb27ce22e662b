"""CloudEvents around a request or a response: unwrapped, and decoded again as what they hold."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from typing import Any, cast

import msgspec

from modeltap.hookspecs import hookimpl
from modeltap.payload import Body, Decoded, Payload
from modeltap.plugins import hooks
from modeltap.privacy.bodies.body_text import as_text

_ATTRIBUTES = {"specversion", "id", "source", "type"}
"""What each event in JSON has."""


@hookimpl(tryfirst=True)
def decode(payload: Payload) -> Decoded | None:
    """Decode what an event holds: by its headers (binary), or by its attributes (structured)."""
    asked, answered = _event(payload.request_json), _event(payload.response_json)
    binary = "ce-specversion" in payload.request_headers
    if not (binary or asked or answered):
        return None
    inner = replace(payload, request_headers=_without(payload.request_headers))
    if asked is not None:
        inner.request, inner.request_type = _data(asked)
    if answered is not None:
        inner.response, inner.response_type = _data(answered)
    found = cast("Decoded | None", hooks("protocols").decode(payload=inner))
    found = found or Decoded(note="no decoder knows this event's data")
    found.id = found.id or _id(payload, asked, answered)
    return found


def _event(document: Any) -> dict[str, Any] | None:
    return document if type(document) is dict and document.keys() >= _ATTRIBUTES else None


def _id(payload: Payload, *events: dict[str, Any] | None) -> str | None:
    told = [payload.request_headers.get("ce-id")]
    told += [event["id"] for event in events if event is not None]
    return next((one for one in told if type(one) is str and one), None)


def _without(headers: Any) -> dict[str, str]:
    return {name: value for name, value in headers.items() if not name.startswith("ce-")}


def _data(event: dict[str, Any]) -> tuple[Body, str | None]:
    """Return an event's data as the body that they would be alone, and their type."""
    kind = event.get("datacontenttype")
    kind = kind if type(kind) is str else "application/json"
    data, coded = event.get("data"), event.get("data_base64")
    if type(coded) is str:
        try:
            raw = base64.b64decode(coded)
        except ValueError:
            return None, kind
        text = as_text(raw)
        return raw if text is None else text, kind
    if data is None:
        return None, kind
    is_json = kind.partition(";")[0].strip().endswith("json")
    return (data if type(data) is str and not is_json else _written(data)), kind


def _written(data: Any) -> str:
    try:
        return msgspec.json.encode(data).decode()
    except (ValueError, TypeError, OverflowError, msgspec.EncodeError):
        # Numbers beyond 64 bits and lone surrogates.
        return json.dumps(data)
