"""Values as JSON."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import Any

import msgspec

from modeltap.printable import escaped_json
from modeltap.rows import as_dict

_encoder = msgspec.json.Encoder()

_NOT_ENCODABLE = (ValueError, OverflowError, TypeError, msgspec.EncodeError)
"""Errors for integers beyond 64 bits, and for lone surrogates, which msgspec does not encode."""

_DELETE = "\x7f"


def json_text(value: Any) -> str:
    """Return `value` as JSON; NaN and infinity become null, control characters are escaped.

    Structs are objects.

    >>> json_text({"a": math.nan, "b": 2**70})
    '{"a":null,"b":1180591620717411303424}'
    """
    try:
        text = msgspec.json.encode(value).decode()
    except _NOT_ENCODABLE:
        text = json.dumps(_finite(value), separators=(",", ":"), default=str)
    return escaped_json(text)


def json_lines(documents: Sequence[Any]) -> str:
    """Return each of the documents, which may be structs, on a line as `json_text` writes it.

    >>> json_lines([{"a": 1}, {"b": 2**70}])
    '{"a":1}\\n{"b":1180591620717411303424}\\n'
    """
    try:
        text = _encoder.encode_lines(documents).decode()
    except _NOT_ENCODABLE:
        return "".join(f"{json_text(document)}\n" for document in documents)
    if text.isascii() and _DELETE not in text:
        return text  # all other ASCII control characters are escaped in JSON
    return "".join(f"{escaped_json(line)}\n" for line in text[:-1].split("\n"))


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, msgspec.Struct):
        value = as_dict(value)
    if isinstance(value, dict):
        return {str(name): _finite(inner) for name, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(inner) for inner in value]
    return value
