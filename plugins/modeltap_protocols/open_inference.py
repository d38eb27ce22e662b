"""The V2 protocol (Open Inference) of KServe, Triton and MLServer, as JSON and binary."""

from __future__ import annotations

import re
from typing import Any

from modeltap.hookspecs import hookimpl
from modeltap.payload import Decoded, Payload
from modeltap_protocols._shared.answers import pair_outputs
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
        return Decoded(note="request: not a V2 inference request") if by_path else None
    try:
        decoded = bounded(_rows(payload, tensors(document, "inputs", tail)))
    except BadTensor as reason:
        decoded = Decoded(note=f"request: {reason}")
    _answer(decoded, payload)
    decoded.id = _id(document) or decoded.id
    return decoded


def _has_form(document: Any) -> bool:
    inputs = document.get("inputs") if type(document) is dict else None
    return (
        type(inputs) is list
        and bool(inputs)
        and all(
            type(item) is dict and item.keys() >= {"name", "shape", "datatype"} for item in inputs
        )
    )


def _id(document: dict[str, Any]) -> str | None:
    id_ = document.get("id")
    return id_ if type(id_) is str and id_ else None


def _rows(payload: Payload, inputs: list[Tensor]) -> list[dict[str, Any]]:
    """Return a row for each index of the first dimension.

    A single tensor of shape [N, K] has K columns. Several tensors are one column each, whose
    values may be vectors. A single value next to a batch, such as a temperature, applies to each
    row.
    """
    rows = max((len(tensor.values) for tensor in inputs), default=0)
    for tensor in inputs:
        if len(tensor.values) == 1 < rows:
            tensor.values = tensor.values * rows
    counts = sorted({len(tensor.values) for tensor in inputs})
    if len(counts) > 1:
        raise BadTensor(f"inputs of different lengths ({', '.join(map(str, counts[:5]))})")
    if len(inputs) == 1 and len(inputs[0].shape) == 2 and inputs[0].shape[1] > 1:
        return [payload.named(values) for values in inputs[0].values]
    return transposed({tensor.name: tensor.values for tensor in inputs})


def _answer(decoded: Decoded, payload: Payload) -> None:
    """Add the values of the outputs, by their names, and the response's id."""
    if not payload.response:
        return
    if payload.response_truncated:
        decoded.note = decoded.note or RESPONSE_CUT
        return
    header = payload.response_headers.get(_HEADER)
    document, tail = opened(payload.response, payload.response_json, header)
    if type(document) is not dict:
        decoded.note = decoded.note or "response: not a V2 inference response"
        return
    decoded.id = _id(document)
    if not decoded.rows:
        return
    try:
        pair_outputs(decoded, _values(tensors(document, "outputs", tail), len(decoded.rows)))
    except BadTensor as reason:
        decoded.note = f"response: {reason}"


def _values(outputs: list[Tensor], rows: int) -> list[Any]:
    if len(outputs) == 1:
        return outputs[0].values
    fitting = {tensor.name: tensor.values for tensor in outputs if len(tensor.values) == rows}
    if outputs and not fitting:
        return outputs[0].values
    return transposed(fitting)
