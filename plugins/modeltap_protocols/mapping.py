"""The user's mapping: JMESPath expressions for rows and predictions in bodies."""

from __future__ import annotations

from functools import cache
from typing import Any

from modeltap.hookspecs import hookimpl
from modeltap.payload import Decoded, Payload
from modeltap_protocols._shared.answers import pair_values


@hookimpl(tryfirst=True)
def decode(payload: Payload) -> Decoded | None:
    """Decode by the paths of the model's `mapping`; None if it has no paths."""
    mapping = payload.mapping
    if mapping is None or not (mapping.rows or mapping.prediction or mapping.score):
        return None
    if payload.request_json is None:
        return Decoded(note="request: not JSON")
    rows = _rows(payload, _search(mapping.rows or "@", payload.request_json))
    if not rows:
        return Decoded(note=f"request: no value at mapping.rows = {mapping.rows!r}")
    decoded = Decoded(rows=rows)
    if mapping.id:
        id_ = _search(mapping.id, payload.request_json)
        decoded.id = None if id_ is None else str(id_)
    return _answered(decoded, payload)


def _answered(decoded: Decoded, payload: Payload) -> Decoded:
    mapping = payload.mapping
    if mapping is None or not (mapping.prediction or mapping.score or mapping.probabilities):
        return decoded
    if payload.response_json is None:
        decoded.note = "response: not JSON" if payload.response else None
        return decoded
    single = len(decoded.rows) == 1

    def values(path: str | None, as_one: bool = False) -> list[Any]:
        value = _search(path, payload.response_json) if path else None
        if value is None:
            return []
        # For a single row, a list is its distribution, or a list of one.
        is_single = as_one and single and not (value and type(value[0]) is list)
        return [value] if type(value) is not list or is_single else value

    predictions, scores = values(mapping.prediction), values(mapping.score)
    chances = values(mapping.probabilities, as_one=True)
    if not (predictions or scores or chances):
        decoded.note = "response: no value at the mapping's paths"
        return decoded
    if not (predictions or chances):
        return pair_values(decoded, scores)  # a score alone is the prediction
    pair_values(decoded, predictions or chances, scores)
    if predictions and len(chances) == len(decoded.predictions):
        decoded.probabilities = chances
    return decoded


def _rows(payload: Payload, value: Any) -> list[dict[str, Any]]:
    if type(value) is dict:
        return [value]
    if type(value) is not list or not value:
        return []
    if type(value[0]) in (dict, list):
        return [item if type(item) is dict else payload.named(_list(item)) for item in value]
    return [payload.named(value)]


def _list(value: Any) -> list[Any]:
    return value if type(value) is list else [value]


@cache
def _compiled(path: str) -> Any:
    import jmespath

    return jmespath.compile(path)


def _search(path: str, document: Any) -> Any:
    return _compiled(path).search(document)
