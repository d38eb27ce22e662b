"""Values as JSON."""

from __future__ import annotations

import json
import math
from typing import Any

import msgspec

from modeltap.printable import escaped_json


def json_text(value: Any) -> str:
    """Return `value` as JSON; NaN and infinity become null, control characters are escaped.

    >>> json_text({"a": math.nan, "b": 2**70})
    '{"a":null,"b":1180591620717411303424}'
    """
    try:
        text = msgspec.json.encode(value).decode()
    except (ValueError, OverflowError, TypeError, msgspec.EncodeError):
        # Integers beyond 64 bits, and lone surrogates, which msgspec does not encode.
        text = json.dumps(_finite(value), separators=(",", ":"), default=str)
    return escaped_json(text)


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {str(name): _finite(inner) for name, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(inner) for inner in value]
    return value
