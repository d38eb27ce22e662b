"""CloudEvents around a request or a response: unwrap them, and decode their data."""

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
"""Required attributes of an event in JSON."""


@hookimpl(tryfirst=True)
def decode(payload: Payload) -> Decoded | None:
    """Decode the data of an event with headers (binary) or with attributes (structured)."""
    request, response = _event(payload.request_json), _event(payload.response_json)
    binary = "ce-specversion" in payload.request_headers
    if not (binary or request or response):
        return None
    inner = replace(payload, request_headers=_without(payload.request_headers))
    if request is not None:
        inner.request, inner.request_type = _data(request)
    if response is not None:
        inner.response, inner.response_type = _data(response)
    decoded = cast("Decoded | None", hooks("protocols").decode(payload=inner))
    decoded = decoded or Decoded(note="no decoder for this event's data")
    decoded.id = decoded.id or _id(payload, request, response)
    return decoded


def _event(document: Any) -> dict[str, Any] | None:
    return document if type(document) is dict and document.keys() >= _ATTRIBUTES else None


def _id(payload: Payload, *events: dict[str, Any] | None) -> str | None:
    ids = [payload.request_headers.get("ce-id")]
    ids += [event["id"] for event in events if event is not None]
    return next((id_ for id_ in ids if type(id_) is str and id_), None)


def _without(headers: Any) -> dict[str, str]:
    return {name: value for name, value in headers.items() if not name.startswith("ce-")}


def _data(event: dict[str, Any]) -> tuple[Body, str | None]:
    """Return an event's data as a body, and its media type."""
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
        # msgspec encodes neither integers beyond 64 bits nor lone surrogates.
        return json.dumps(data)
