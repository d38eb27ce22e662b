"""OpenAI's embeddings, as numbers or as base64: one row per input."""

from __future__ import annotations

import binascii
import sys
from array import array
from typing import Any

from modeltap.hookspecs import hookimpl
from modeltap.payload import Decoded, Payload
from modeltap_protocols._shared.generation import Generation
from modeltap_protocols._shared.prompts import at, request_of, row_of
from modeltap_protocols.openai_completions import prompts_of


@hookimpl
def decode(payload: Payload) -> Decoded | None:
    """Decode by the path, or by an input whose response has embeddings."""
    request = request_of(payload, "input")
    inputs = prompts_of(request["input"]) if request else []
    if request is None or not inputs:
        return None
    answer = payload.response_json if type(payload.response_json) is dict else {}
    vectors = _vectors(answer.get("data"))
    by_path = at(payload, "/embeddings") and type(request.get("model")) is str
    if not (vectors or by_path):
        return None
    decoded = Decoded(rows=[row_of(request, text) for text in inputs])
    return _answered(decoded, answer, vectors) if payload.response else decoded


def _answered(decoded: Decoded, answer: dict[str, Any], vectors: dict[int, list[Any]]) -> Decoded:
    facts = Generation(streamed=False)
    facts.describe(answer)
    decoded.id = facts.id
    if vectors.keys() != set(range(len(decoded.rows))):
        detail = " with other indices" if len(vectors) == len(decoded.rows) else ""
        decoded.note = f"unpaired: {len(decoded.rows)} rows, {len(vectors)} embeddings{detail}"
        return decoded
    for place in range(len(decoded.rows)):
        vector = vectors[place]
        fields: dict[str, Any] = {"embedding": vector, "dimensions": len(vector)}
        decoded.answers.append(fields | ({"model_name": facts.model} if facts.model else {}))
    if facts.tokens:
        decoded.answers[0] |= {**facts.tokens, "tokens_source": "usage"}
    return decoded


def _vectors(data: Any) -> dict[int, list[Any]]:
    vectors: dict[int, list[Any]] = {}
    for place, item in enumerate(data if type(data) is list else ()):
        vector = vector_of(item.get("embedding")) if type(item) is dict else None
        if vector:
            index = item.get("index")
            vectors[index if type(index) is int else place] = vector
    return vectors


def vector_of(value: Any) -> list[Any] | None:
    """Return an embedding's numbers; None for anything else.

    Base64 contains 32-bit floats, little-endian.

    >>> vector_of("AACAPwAAAEA="), vector_of([0.5, 1]), vector_of("words"), vector_of([None])
    ([1.0, 2.0], [0.5, 1], None, None)
    """
    if type(value) is list:
        return value if value and set(map(type, value)) <= {int, float} else None
    if type(value) is not str:
        return None
    try:
        packed = array("f", binascii.a2b_base64(value, strict_mode=True))
    except ValueError:  # invalid base64, or not a whole number of floats
        return None
    if sys.byteorder == "big":
        packed.byteswap()
    return packed.tolist() or None
