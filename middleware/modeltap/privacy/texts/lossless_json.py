"""Lossless reading and writing of JSON for masking."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from modeltap.payload import without_mark

_DIGITS_ALIKE = bytes(48 if 48 <= byte < 58 else 32 for byte in range(256))
_LONG_NUMBER = b"0" * 19
"""A number with 19 or more digits may exceed 64 bits."""


def read_quickly(text: str) -> tuple[Any, bool]:
    """Read JSON without detecting duplicate names. Raises `ValueError` for invalid JSON."""
    if _LONG_NUMBER in text.encode().translate(_DIGITS_ALIKE):
        raise ValueError("a number beyond 64 bits would be rounded")
    return msgspec.json.decode(without_mark(text)), False


def read_with_care(text: str) -> tuple[Any, bool]:
    """Read JSON, including NaN and long numbers; return also whether the text has duplicate names.

    The document has only the last value of a duplicate name. Raises `ValueError` for invalid JSON.
    """
    has_duplicates = False

    def fields(pairs: list[tuple[str, object]]) -> dict[str, object]:
        nonlocal has_duplicates
        document = dict(pairs)
        has_duplicates = has_duplicates or len(document) < len(pairs)
        return document

    return json.loads(without_mark(text), object_pairs_hook=fields), has_duplicates


def written(document: object) -> str:
    """Return `document` as JSON without spaces."""
    try:
        return msgspec.json.encode(document).decode()
    except (ValueError, OverflowError, TypeError, msgspec.EncodeError):
        # Lone surrogates, which cannot be encoded, and numbers beyond 64 bits.
        return json.dumps(document, separators=(",", ":"))
