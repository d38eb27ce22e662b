"""MLflow's scoring server: `/invocations` with a frame or inputs; `comma_separated` has its CSV."""

from __future__ import annotations

from typing import Any

from modeltap.hookspecs import hookimpl
from modeltap.payload import Decoded, Payload
from modeltap_protocols._shared.inputs import bounded, of_object, rows_of
from modeltap_protocols._shared.replies import pair_response
from modeltap_protocols.sagemaker import features


@hookimpl
def decode(payload: Payload) -> Decoded | None:
    """Decode frames at any path, and `inputs` and `instances` with a response like MLflow's."""
    document = payload.request_json
    if type(document) is not dict:
        return None
    if "dataframe_split" in document:
        decoded = _split(payload, document["dataframe_split"])
    elif "dataframe_records" in document:
        decoded = _values(payload, document["dataframe_records"])
    elif _is_mine(payload):
        decoded = _values(payload, document.get("inputs", document.get("instances")))
    else:
        return None
    return pair_response(decoded, payload, "predictions")


def _is_mine(payload: Payload) -> bool:
    """Return True if inputs or instances, which other protocols also have, are MLflow's.

    The path and the response decide.
    """
    document, answer = payload.request_json, payload.response_json
    if not payload.path.endswith("/invocations") or not {"inputs", "instances"} & set(document):
        return False
    instances = document.get("instances")
    if type(instances) is list and instances and features(instances[0]) is not None:
        return False
    if answer is None:
        return not _is_text(document.get("inputs"))
    return type(answer) is dict and "predictions" in answer


def _is_text(inputs: Any) -> bool:
    """Return True if inputs are texts, which without a response are Hugging Face's."""
    return type(inputs) is str or (type(inputs) is list and set(map(type, inputs)) == {str})


def _values(payload: Payload, values: Any) -> Decoded:
    if type(values) is dict:
        return of_object(values)
    return bounded(rows_of(payload, values if type(values) is list else [values]))


def _split(payload: Payload, frame: Any) -> Decoded:
    data = frame.get("data") if type(frame) is dict else None
    if type(data) is not list:
        return Decoded(note="request: dataframe_split without data")
    names = frame.get("columns")
    if type(names) is not list:
        return bounded(rows_of(payload, data))
    # A frame of one column may be a flat list. The levels of a name are joined.
    rows = [row if type(row) is list else [row] for row in data]
    for place, row in enumerate(rows):
        if len(row) != len(names):
            return Decoded(
                note=f"request: row {place} has {len(row)} values for {len(names)} columns"
            )
    columns = [".".join(map(str, name)) if type(name) is list else str(name) for name in names]
    return bounded([dict(zip(columns, row, strict=True)) for row in rows])
