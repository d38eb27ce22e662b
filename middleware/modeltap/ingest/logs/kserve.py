"""Logs of KServe's logger: CloudEvents that it posts, and JSON that it writes into buckets.

It logs requests and responses separately, with the same id; responses only if the status is 200.
"""

from __future__ import annotations

import base64
import binascii
import json
import time
from collections.abc import Iterator, Mapping
from typing import Any

from modeltap import clock
from modeltap.ingest.entry import Logged, Side
from modeltap.ingest.files.documents import documents
from modeltap.ingest.files.source import Source
from modeltap.ingest.logs.cloudevents import Event, NoEvent, from_document

SOURCE = "kserve"

_SIDES: dict[str, Side] = {"request": "request", "response": "response"}


def read(source: Source) -> Iterator[Logged]:
    """Yield the requests and responses in a file of the logger's JSON or structured CloudEvents."""
    # The logger's JSON has no time, so all entries of a file get the time of the import.
    now = time.time()
    for position, document in documents(source):
        try:
            if "specversion" in document:
                yield side_of_event(from_document(document), method="IMPORT")
            else:
                yield _record(document, now)
        except NoEvent as reason:
            source.note(position, str(reason))


def side_of_event(event: Event, *, method: str) -> Logged:
    """Return the request or response in an event; raise `NoEvent` for any other type."""
    attributes = event.attributes
    return _logged(
        side_of(attributes["type"]),
        attributes["id"],
        event.data,
        event.content_type,
        clock.parse(attributes.get("time")),
        _headers(attributes.get("metadata")),
        method,
    )


def side_of(event_type: str) -> Side:
    """Return the side of an exchange that an event's type names; raise `NoEvent` for neither."""
    side = _SIDES.get(event_type.rpartition(".")[2])
    if side is None or ".inference." not in event_type:
        raise NoEvent(
            f"type {event_type!r} is neither org.kubeflow.serving.inference.request nor .response"
        )
    return side


def _record(document: Mapping[str, Any], now: float) -> Logged:
    """Return the request or response in a record of the logger; the case of names is ignored."""
    record = {name.lower(): value for name, value in document.items()}
    id_, event_type = record.get("id"), record.get("reqtype", record.get("type"))
    if not isinstance(id_, str) or not id_:
        raise NoEvent("no Id")
    if not isinstance(event_type, str):
        raise NoEvent("no ReqType")
    moment = record.get("time", record.get("timestamp"))
    content_type = record.get("contenttype")
    return _logged(
        side_of(event_type),
        id_,
        _bytes(record.get("bytes")),
        content_type if isinstance(content_type, str) else None,
        now if moment is None else clock.parse(moment),
        _headers(record.get("metadata")),
        "IMPORT",
    )


def _logged(
    side: Side,
    id_: str,
    body: bytes,
    content_type: str | None,
    moment: float | None,
    headers: list[tuple[str, str]],
    method: str,
) -> Logged:
    logged = Logged(
        source=SOURCE,
        key=id_,
        time=moment,
        request_id=id_,
        side=side,
        method=method,
        headers=headers,
    )
    if side == "request":
        logged.request, logged.request_type = body, content_type or None
    else:
        # The logger sets the request's content type on the response, too.
        logged.response, logged.response_type = body, content_type or None
    return logged


def _bytes(value: Any) -> bytes:
    """Return a body from base64, which Go writes for bytes, or from plain JSON."""
    if value is None:
        return b""
    if not isinstance(value, str):
        return json.dumps(value).encode()
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        return value.encode("utf-8", "surrogatepass")


def _headers(metadata: Any) -> list[tuple[str, str]]:
    """Return the headers of the request that the logger is configured to log (its metadata)."""
    if isinstance(metadata, str):
        try:
            metadata = json.loads(metadata)
        except (ValueError, RecursionError):
            return []
    if not isinstance(metadata, dict):
        return []
    return [
        (name.lower(), str(values[0] if isinstance(values, list) else values))
        for name, values in metadata.items()
        if values
    ]
