"""OpenAI's embeddings, as numbers or as base64: a row for each input."""

from __future__ import annotations

import binascii
import sys
from array import array
from typing import Any

from modeltap.hookspecs import hookimpl
from modeltap.payload import Decoded, Payload
from modeltap_protocols._shared.asked import at, request_of, row_of
from modeltap_protocols._shared.generation import Generation
from modeltap_protocols.openai_completions import prompts_of


@hookimpl
def decode(payload: Payload) -> Decoded | None:
    """Decode by the path, or by an input that was answered with embeddings."""
    request = request_of(payload, "input")
    inputs = prompts_of(request["input"]) if request else []
    if request is None or not inputs:
        return None
    answer = payload.response_json if type(payload.response_json) is dict else {}
    vectors = _vectors(answer.get("data"))
    by_path = at(payload, "/embeddings") and type(request.get("model")) is str
    if not (vectors or by_path):
        return None
    found = Decoded(rows=[row_of(request, text) for text in inputs])
    return _answered(found, answer, vectors) if payload.response else found


def _answered(found: Decoded, answer: dict[str, Any], vectors: dict[int, list[Any]]) -> Decoded:
    facts = Generation(streamed=False)
    facts.describe(answer)
    found.id = facts.id
    if vectors.keys() != set(range(len(found.rows))):
        wrong = " of other indices" if len(vectors) == len(found.rows) else ""
        found.note = f"unpaired: {len(found.rows)} rows, {len(vectors)} embeddings{wrong}"
        return found
    for place in range(len(found.rows)):
        vector = vectors[place]
        told: dict[str, Any] = {"embedding": vector, "dimensions": len(vector)}
        found.answers.append(told | ({"model_name": facts.model} if facts.model else {}))
    if facts.tokens:
        found.answers[0] |= {**facts.tokens, "tokens_source": "usage"}
    return found


def _vectors(data: Any) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = {}
    for place, one in enumerate(data if type(data) is list else ()):
        vector = vector_of(one.get("embedding")) if type(one) is dict else None
        if vector:
            index = one.get("index")
            found[index if type(index) is int else place] = vector
    return found


def vector_of(value: Any) -> list[Any] | None:
    """Return an embedding's numbers; None for what is none.

    Base64 holds them as 32-bit floats, little-endian.

    >>> vector_of("AACAPwAAAEA="), vector_of([0.5, 1]), vector_of("words"), vector_of([None])
    ([1.0, 2.0], [0.5, 1], None, None)
    """
    if type(value) is list:
        return value if value and set(map(type, value)) <= {int, float} else None
    if type(value) is not str:
        return None
    try:
        packed = array("f", binascii.a2b_base64(value, strict_mode=True))
    except ValueError:  # no base64, or no whole number of floats
        return None
    if sys.byteorder == "big":
        packed.byteswap()
    return packed.tolist() or None
