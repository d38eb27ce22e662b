"""JSON Lines: each line a row; SageMaker's `{"features": [...]}` too."""

from __future__ import annotations

from typing import Any

from modeltap.hookspecs import hookimpl
from modeltap.payload import Decoded, Payload, parse_json
from modeltap_protocols._shared.inputs import CUT, MAX_ROWS, bounded, rows_of
from modeltap_protocols._shared.replies import answered
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
    """Decode what is called JSON Lines, and several lines of JSON whatever they are called."""
    said = payload.request_media in _MEDIA
    text = payload.request
    if not isinstance(text, str) or not (said or text.lstrip()[:1] in ("{", "[")):
        return None
    if payload.request_truncated:
        return Decoded(note=CUT) if said else None
    if not said and payload.request_json is not None:
        return None
    lines = [line for line in text.split("\n") if line.strip()]
    if len(lines) > MAX_ROWS:
        return Decoded(note=f"request: more than {MAX_ROWS} rows")
    documents = [parse_json(line) for line in lines]
    if any(document is None for document in documents):
        wrong = documents.index(None) + 1
        return Decoded(note=f"request: line {wrong} is no JSON") if said else None
    if not said and (len(lines) < 2 or not all(type(one) in (dict, list) for one in documents)):
        return None
    return answered(bounded(rows_of(payload, [_row(one) for one in documents])), payload)


def _row(document: Any) -> Any:
    found = features(document)
    return document if found is None else found
