"""The V2 protocol (Open Inference) of KServe, Triton and MLServer, in JSON and with bytes."""

from __future__ import annotations

import re
from typing import Any

from modeltap.hookspecs import hookimpl
from modeltap.payload import Decoded, Payload
from modeltap_protocols._shared.answers import tell
from modeltap_protocols._shared.inputs import CUT, bounded, transposed
from modeltap_protocols._shared.replies import CUT as RESPONSE_CUT
from modeltap_protocols._shared.tensors import BadTensor, Tensor, opened, tensors

PATH = re.compile(r"/v2/models/[^/]+(?:/versions/[^/]+)?/infer$")
_HEADER = "inference-header-content-length"


@hookimpl
def decode(payload: Payload) -> Decoded | None:
    """Decode by the path, or by inputs that have names, shapes and datatypes."""
    by_path = PATH.search(payload.path) is not None
    header = payload.request_headers.get(_HEADER)
    if not (by_path or header or _has_form(payload.request_json)):
        return None
    if payload.request_truncated:
        return Decoded(note=CUT)
    document, tail = opened(payload.request, payload.request_json, header)
    if type(document) is not dict:
        return Decoded(note="request: no V2 inference request") if by_path else None
    try:
        found = bounded(_rows(payload, tensors(document, "inputs", tail)))
    except BadTensor as reason:
        found = Decoded(note=f"request: {reason}")
    _answer(found, payload)
    found.id = _id(document) or found.id
    return found


def _has_form(document: Any) -> bool:
    inputs = document.get("inputs") if type(document) is dict else None
    return (
        type(inputs) is list
        and bool(inputs)
        and all(type(one) is dict and one.keys() >= {"name", "shape", "datatype"} for one in inputs)
    )


def _id(document: dict[str, Any]) -> str | None:
    found = document.get("id")
    return found if type(found) is str and found else None


def _rows(payload: Payload, inputs: list[Tensor]) -> list[dict[str, Any]]:
    """Return a row for each place in the first dimension.

    One tensor of [N, K] has K columns; of several each is one, whose values may be vectors. A
    single value beside a batch, such as a temperature, is each row's.
    """
    rows = max((len(one.values) for one in inputs), default=0)
    for one in inputs:
        if len(one.values) == 1 < rows:
            one.values = one.values * rows
    counts = sorted({len(one.values) for one in inputs})
    if len(counts) > 1:
        raise BadTensor(f"inputs of different lengths ({', '.join(map(str, counts[:5]))})")
    if len(inputs) == 1 and len(inputs[0].shape) == 2 and inputs[0].shape[1] > 1:
        return [payload.named(values) for values in inputs[0].values]
    return transposed({one.name: one.values for one in inputs})


def _answer(found: Decoded, payload: Payload) -> None:
    """Add the outputs' values, told apart by their names, and the id that the answer tells."""
    if not payload.response:
        return
    if payload.response_truncated:
        found.note = found.note or RESPONSE_CUT
        return
    header = payload.response_headers.get(_HEADER)
    document, tail = opened(payload.response, payload.response_json, header)
    if type(document) is not dict:
        found.note = found.note or "response: no V2 inference response"
        return
    found.id = _id(document)
    if not found.rows:
        return
    try:
        tell(found, _values(tensors(document, "outputs", tail), len(found.rows)))
    except BadTensor as reason:
        found.note = f"response: {reason}"


def _values(outputs: list[Tensor], rows: int) -> list[Any]:
    if len(outputs) == 1:
        return outputs[0].values
    fitting = {one.name: one.values for one in outputs if len(one.values) == rows}
    if outputs and not fitting:
        return outputs[0].values
    return transposed(fitting)
