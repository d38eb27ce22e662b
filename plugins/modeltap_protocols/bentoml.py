"""BentoML: the body holds a call's arguments by name, the answer is what the call returned."""

from __future__ import annotations

from typing import Any

from modeltap.hookspecs import hookimpl
from modeltap.payload import Decoded, Payload
from modeltap_protocols._shared.inputs import bounded, lengths, rows_of, transposed
from modeltap_protocols._shared.replies import answered, values_in
from modeltap_protocols._shared.values import is_distribution

_HEADER = "x-bentoml-request-id"
_PICKLE = "application/vnd.bentoml+pickle"
_OTHERS = ("/v1/", "/v2/", "/invocations")
"""Apps of other protocols may be mounted in a service; their paths tell them."""


@hookimpl
def decode(payload: Payload) -> Decoded | None:
    """Decode what is answered with BentoML's header; a pickle is never loaded.

    The id is the header's, in hexadecimal, which the client sees; BentoML's own monitoring logs
    write the same number in decimal.
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
    found = bounded(_rows(payload, document))
    if payload.response_media == _PICKLE:
        found.note = found.note or "response: a pickle, which is never loaded"
    else:
        answered(found, payload)
    found.id = id_
    return found


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
    """Return N rows where N values answer: of lists of N, or of the one argument that holds N rows.

    In the latter the others are columns of each. Else it is one row, of vectors; so it is where
    the values are one distribution.
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
