"""The user's own mapping: where rows and answers stand in the bodies, as JMESPath."""

from __future__ import annotations

from functools import cache
from typing import Any

from modeltap.hookspecs import hookimpl
from modeltap.payload import Decoded, Payload
from modeltap_protocols._shared.answers import predict


@hookimpl(tryfirst=True)
def decode(payload: Payload) -> Decoded | None:
    """Decode by the paths that the model's `mapping` names; None where it names none."""
    mapping = payload.mapping
    if mapping is None or not (mapping.rows or mapping.prediction or mapping.score):
        return None
    if payload.request_json is None:
        return Decoded(note="request: no JSON")
    rows = _rows(payload, _found(mapping.rows or "@", payload.request_json))
    if not rows:
        return Decoded(note=f"request: nothing at mapping.rows = {mapping.rows!r}")
    found = Decoded(rows=rows)
    if mapping.id:
        said = _found(mapping.id, payload.request_json)
        found.id = None if said is None else str(said)
    return _answered(found, payload)


def _answered(found: Decoded, payload: Payload) -> Decoded:
    mapping = payload.mapping
    if mapping is None or not (mapping.prediction or mapping.score or mapping.probabilities):
        return found
    if payload.response_json is None:
        found.note = "response: no JSON" if payload.response else None
        return found
    single = len(found.rows) == 1

    def values(path: str | None, as_one: bool = False) -> list[Any]:
        value = _found(path, payload.response_json) if path else None
        if value is None:
            return []
        # Of one row a list is its distribution, or a list of one.
        one = as_one and single and not (value and type(value[0]) is list)
        return [value] if type(value) is not list or one else value

    predictions, scores = values(mapping.prediction), values(mapping.score)
    chances = values(mapping.probabilities, as_one=True)
    if not (predictions or scores or chances):
        found.note = "response: nothing at the mapping's paths"
        return found
    if not (predictions or chances):
        return predict(found, scores)  # a score alone is the prediction
    predict(found, predictions or chances, scores)
    if predictions and len(chances) == len(found.predictions):
        found.probabilities = chances
    return found


def _rows(payload: Payload, found: Any) -> list[dict[str, Any]]:
    if type(found) is dict:
        return [found]
    if type(found) is not list or not found:
        return []
    if type(found[0]) in (dict, list):
        return [one if type(one) is dict else payload.named(_list(one)) for one in found]
    return [payload.named(found)]


def _list(value: Any) -> list[Any]:
    return value if type(value) is list else [value]


@cache
def _compiled(path: str) -> Any:
    import jmespath

    return jmespath.compile(path)


def _found(path: str, document: Any) -> Any:
    return _compiled(path).search(document)
