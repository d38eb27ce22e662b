"""Logs of Azure ML's data collector: CloudEvents in JSON Lines, separate inputs and outputs."""

from __future__ import annotations

from collections.abc import Iterator

from modeltap import clock
from modeltap.ingest.entry import Logged, Side
from modeltap.ingest.files.documents import documents
from modeltap.ingest.files.source import Source
from modeltap.ingest.logs.cloudevents import Event, NoEvent, from_document

SOURCE = "azureml"

_SIDES: dict[str, Side] = {
    "inputs": "request",
    "model_inputs": "request",
    "request": "request",
    "outputs": "response",
    "model_outputs": "response",
    "response": "response",
}


def read(source: Source) -> Iterator[Logged]:
    """Yield the requests and responses in a file that the collector wrote."""
    for line, document in documents(source):
        try:
            yield _side(from_document(document))
        except NoEvent as reason:
            source.note(line, str(reason))


def _side(event: Event) -> Logged:
    attributes = event.attributes
    side = _SIDES.get(attributes["type"].rpartition(".")[2])
    if side is None:
        # Users can name collectors freely, so an unknown type may be either.
        raise NoEvent(f"type {attributes['type']!r} is neither inputs nor outputs")
    if attributes.get("datainblob", "").lower() == "true":
        raise NoEvent("its data is in a separate file (datainblob)")
    id_ = attributes.get("correlationid") or attributes.get("xrequestid") or attributes["id"]
    version = attributes.get("modelversion", "")
    logged = Logged(
        source=SOURCE,
        key=id_,
        time=clock.parse(attributes.get("time")),
        side=side,
        path=attributes.get("path", "").partition("?")[0],
        request_id=attributes.get("xrequestid") or id_,
        version="" if version == "default" else version,
    )
    if side == "request":
        logged.request, logged.request_type = event.data, event.content_type
    else:
        logged.response, logged.response_type = event.data, event.content_type
    return logged
