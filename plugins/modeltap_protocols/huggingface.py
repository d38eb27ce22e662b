"""Hugging Face's `inputs` and `parameters`; the output is labels, texts or embeddings."""

from __future__ import annotations

from typing import Any

from modeltap.hookspecs import hookimpl
from modeltap.payload import Decoded, Payload
from modeltap_protocols._shared.inputs import bounded
from modeltap_protocols._shared.replies import pair_response
from modeltap_protocols._shared.values import is_vector
from modeltap_protocols.v1 import PATH as V1

_MEMBERS = {"inputs", "parameters", "options", "truncate", "normalize", "raw_scores", "stream"}
_OBJECTS = (
    {"question", "context"},
    {"source_sentence", "sentences"},
    {"query", "table"},
    {"image", "question"},
    {"text", "text_pair"},
    {"text"},
)
"""Members of `inputs` if it is an object."""


@hookimpl
def decode(payload: Payload) -> Decoded | None:
    """Decode by the shape of the request, unless the response is that of another protocol."""
    document = payload.request_json
    if type(document) is not dict or not {"inputs"} <= document.keys() <= _MEMBERS:
        return None
    rows = _rows(document["inputs"])
    if rows is None or _is_others(payload):
        return None
    given = document.get("parameters")
    parameters = {
        f"parameters.{name}": value
        for name, value in (given.items() if type(given) is dict else ())
        if type(value) in (str, int, float, bool)
    }
    decoded = bounded([{**row, **parameters} for row in rows])
    if len(rows) == 1 and is_vector(payload.response_json):
        # The embedding of one text may be a plain list.
        decoded.predictions, decoded.answers = [None], [{"embedding": payload.response_json}]
        return decoded
    return _with_embeddings(pair_response(decoded, payload))


def _with_embeddings(decoded: Decoded) -> Decoded:
    """Turn predictions that are lists of numbers, of any length, into embeddings."""
    embeddings = [value if is_vector(value) else None for value in decoded.predictions]
    if any(embeddings):
        decoded.predictions = [None] * len(embeddings)
        decoded.answers = [{"embedding": vector} if vector else {} for vector in embeddings]
    return decoded


def _rows(inputs: Any) -> list[dict[str, Any]] | None:
    if type(inputs) is str:
        return [{"text": inputs}]
    if type(inputs) is list and inputs and set(map(type, inputs)) == {str}:
        return [{"text": text} for text in inputs]
    if type(inputs) is not dict or inputs.keys() not in _OBJECTS:
        return None
    sentences = inputs.get("sentences")
    if type(sentences) is list:
        source = inputs["source_sentence"]
        return [{"source_sentence": source, "text": text} for text in sentences]
    return [inputs]


def _is_others(payload: Payload) -> bool:
    answer = payload.response_json
    if type(answer) is dict and ("predictions" in answer or "outputs" in answer):
        return True
    return V1.search(payload.path) is not None or payload.response_media == "text/event-stream"
