"""SageMaker's JSON: instances with `features`. Other decoders have its CSV and JSON Lines."""

from __future__ import annotations

from typing import Any

from modeltap.hookspecs import hookimpl
from modeltap.payload import Decoded, Payload
from modeltap_protocols._shared.inputs import bounded, rows_of
from modeltap_protocols._shared.replies import pair_response


@hookimpl
def decode(payload: Payload) -> Decoded | None:
    """Decode `{"instances": [{"features": [...]}]}` with a response of scores and labels."""
    document = payload.request_json
    instances = document.get("instances") if type(document) is dict else None
    if type(instances) is not list or not instances or len(document) > 1:
        return None
    rows = [features(instance) for instance in instances]
    if any(row is None for row in rows):
        return None
    return pair_response(bounded(rows_of(payload, rows)), payload, "predictions")


def features(instance: Any) -> list[Any] | None:
    """Return the values of an instance or a line, in the short or long form; None for others.

    >>> features({"features": [1, 2]}), features({"data": {"features": {"values": [1]}}})
    ([1, 2], [1])
    >>> features({"features": [1], "x": 2})
    """
    if type(instance) is not dict or len(instance) != 1:
        return None
    if type(inner := instance.get("data")) is dict:
        instance = inner
    values = instance.get("features")
    if type(values) is dict:
        values = values.get("values")
    return values if type(values) is list else None
