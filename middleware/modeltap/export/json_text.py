"""Values as JSON."""

from __future__ import annotations

import json
import math
from typing import Any

import msgspec


def json_text(value: Any) -> str:
    """Return `value` as JSON, NaN and infinity as null.

    >>> json_text({"a": math.nan, "b": 2**70})
    '{"a":null,"b":1180591620717411303424}'
    """
    try:
        return msgspec.json.encode(value).decode()
    except (ValueError, OverflowError, TypeError, msgspec.EncodeError):
        # Numbers beyond 64 bits, and lone surrogates, which no file can hold as they are.
        return json.dumps(_finite(value), separators=(",", ":"), default=str)


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {str(name): _finite(one) for name, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(one) for one in value]
    return value
