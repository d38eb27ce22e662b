"""BentoML: the request has a call's arguments by name, the response is the call's result."""

from __future__ import annotations

from typing import Any

from modeltap.hookspecs import hookimpl
from modeltap.payload import Decoded, Payload
from modeltap_protocols._shared.inputs import bounded, lengths, rows_of, transposed
from modeltap_protocols._shared.replies import pair_response, values_in
from modeltap_protocols._shared.values import is_distribution

_HEADER = "x-bentoml-request-id"
_PICKLE = "application/vnd.bentoml+pickle"
_OTHERS = ("/v1/", "/v2/", "/invocations", "/api/chat", "/api/generate")
"""Paths of apps with other protocols, which may be mounted in a service."""


@hookimpl
def decode(payload: Payload) -> Decoded | None:
    """Decode exchanges whose response has BentoML's header; never load a pickle.

    The id is the header's value, in hexadecimal, as the client sees it. BentoML's own monitoring
    logs write the same number in decimal.
    """
    id_ = payload.response_headers.get(_HEADER)
    pickled = _PICKLE in (payload.request_media, payload.response_media)
    if not (id_ or pickled) or payload.path.startswith(_OTHERS):
        return None
    if payload.request_media == _PICKLE:
        return Decoded(note="request: a pickle, which is never loaded", id=id_)
    document = payload.request_json
    if type(document) not in (dict, list):
        return None
    decoded = bounded(_rows(payload, document))
    if payload.response_media == _PICKLE:
        decoded.note = decoded.note or "response: a pickle, which is never loaded"
    else:
        pair_response(decoded, payload)
    decoded.id = id_
    return decoded


def _rows(payload: Payload, document: Any) -> list[dict[str, Any]]:
    if type(document) is list:
        return rows_of(payload, document) if _are_rows(document) else [payload.named(document)]
    if len(document) == 1:
        (value,) = document.values()
        if type(value) is dict:
            return _columns(payload, value)
        if _are_rows(value):
            return rows_of(payload, value)
    return _columns(payload, document)


def _columns(payload: Payload, arguments: dict[str, Any]) -> list[dict[str, Any]]:
    """Return N rows for a response of N values, else one row.

    The arguments are lists of N values, or one of them holds N rows and the others are columns of
    each row. A response that is one distribution belongs to one row, whose arguments are vectors.
    """
    values = values_in(payload)
    answers = None if values is None else len(values)
    holding = [name for name, value in arguments.items() if _are_rows(value)]
    if lengths(arguments) == {answers} and (holding or not is_distribution(values)):
        return transposed(arguments)
    if len(holding) == 1 and len(arguments[holding[0]]) == answers:
        others = {name: value for name, value in arguments.items() if name != holding[0]}
        return [{**row, **others} for row in rows_of(payload, arguments[holding[0]])]
    return [arguments] if arguments else []


def _are_rows(value: Any) -> bool:
    return type(value) is list and bool(value) and type(value[0]) in (dict, list)
