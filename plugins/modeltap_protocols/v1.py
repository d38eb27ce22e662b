"""The V1 protocol of KServe, TensorFlow Serving and Vertex AI: `instances` and `predictions`."""

from __future__ import annotations

import re
from typing import Any

from modeltap.hookspecs import hookimpl
from modeltap.payload import Decoded, Payload
from modeltap_protocols._shared.frames import only_frame
from modeltap_protocols._shared.inputs import CUT, bounded, lengths, of_object, rows_of, transposed
from modeltap_protocols._shared.replies import pair_response
from modeltap_protocols.sagemaker import features

PATH = re.compile(r"/v1/.+:(?:predict|rawPredict|explain)$")


@hookimpl
def decode(payload: Payload) -> Decoded | None:
    """Decode by the path, or by `instances` with `predictions` in the response."""
    by_path = PATH.search(payload.path) is not None
    document = payload.request_json
    if type(document) is not dict or not (by_path or _has_form(payload)):
        if by_path and payload.request_truncated:
            return Decoded(note=CUT)
        return None
    if "instances" in document:
        if _is_sagemakers(document):
            return None
        decoded = _instances(payload, document["instances"])
    elif "inputs" in document and by_path:  # TensorFlow Serving's form with columns
        inputs = document["inputs"]
        decoded = of_object(inputs) if type(inputs) is dict else _instances(payload, inputs)
    else:
        return None
    return pair_response(decoded, payload, "predictions" if "instances" in document else "outputs")


def _has_form(payload: Payload) -> bool:
    request, response = payload.request_json, payload.response_json
    return (
        type(request) is dict
        and "instances" in request
        and type(response) is dict
        and "predictions" in response
        and not payload.path.endswith("/invocations")
    )


def _is_sagemakers(document: dict[str, Any]) -> bool:
    instances = document["instances"]
    are_alone = type(instances) is list and bool(instances) and len(document) == 1
    return are_alone and all(features(instance) is not None for instance in instances)


def _instances(payload: Payload, instances: Any) -> Decoded:
    if type(instances) is dict:
        return of_object(instances)
    values = instances if type(instances) is list else [instances]
    if len(values) == 1 and type(values[0]) is dict and _holds_many(payload, values[0]):
        return bounded(transposed(values[0]))
    return bounded(rows_of(payload, values))


def _holds_many(payload: Payload, instance: dict[str, Any]) -> bool:
    """Return True if an instance is columns of N rows, not a row of vectors, by the response."""
    if only_frame([instance]) is not None:
        return False
    sizes = lengths(instance)
    answer = payload.response_json
    predictions = answer.get("predictions") if type(answer) is dict else None
    expected = {len(predictions)} if type(predictions) is list else sizes
    return len(sizes) == 1 and sizes == expected
