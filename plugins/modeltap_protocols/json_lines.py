"""JSON Lines: one row per line, also SageMaker's `{"features": [...]}`."""

from __future__ import annotations

from typing import Any

from modeltap.hookspecs import hookimpl
from modeltap.payload import Decoded, Payload, parse_json
from modeltap_protocols._shared.inputs import CUT, MAX_ROWS, bounded, rows_of
from modeltap_protocols._shared.replies import pair_response
from modeltap_protocols.sagemaker import features

_MEDIA = (
    "application/jsonlines",
    "application/jsonl",
    "application/x-ndjson",
    "application/ndjson",
    "application/x-jsonlines",
    "application/json-lines",
)


@hookimpl
def decode(payload: Payload) -> Decoded | None:
    """Decode bodies with the type of JSON Lines, and several lines of JSON of any type."""
    is_declared = payload.request_media in _MEDIA
    text = payload.request
    if not isinstance(text, str) or not (is_declared or text.lstrip()[:1] in ("{", "[")):
        return None
    if payload.request_truncated:
        return Decoded(note=CUT) if is_declared else None
    if not is_declared and payload.request_json is not None:
        return None
    lines = [line for line in text.split("\n") if line.strip()]
    if len(lines) > MAX_ROWS:
        return Decoded(note=f"request: more than {MAX_ROWS} rows")
    documents = [parse_json(line) for line in lines]
    if any(document is None for document in documents):
        number = documents.index(None) + 1
        return Decoded(note=f"request: line {number} is not JSON") if is_declared else None
    if not is_declared and (len(lines) < 2 or not all(map(_is_container, documents))):
        return None
    return pair_response(
        bounded(rows_of(payload, [_row(document) for document in documents])), payload
    )


def _is_container(document: Any) -> bool:
    return type(document) in (dict, list)


def _row(document: Any) -> Any:
    values = features(document)
    return document if values is None else values
