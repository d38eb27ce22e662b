"""Reading and writing JSON so that masking loses nothing of it."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from modeltap.payload import without_mark

_DIGITS_ALIKE = bytes(48 if 48 <= byte < 58 else 32 for byte in range(256))
_LONG_NUMBER = b"0" * 19
"""Of 19 digits on a number may be beyond 64 bits."""


def read_quickly(text: str) -> tuple[Any, bool]:
    """Read JSON; a name that occurs twice goes unnoticed. Raises `ValueError` where it is none."""
    if _LONG_NUMBER in text.encode().translate(_DIGITS_ALIKE):
        raise ValueError("beyond 64 bits a number would be rounded")
    return msgspec.json.decode(without_mark(text)), False


def read_with_care(text: str) -> tuple[Any, bool]:
    """Read JSON, NaN and long numbers too; say whether the text has more than the document shows.

    Of a name that occurs twice that is the first value. Raises `ValueError` where it is none.
    """
    twice = False

    def fields(pairs: list[tuple[str, object]]) -> dict[str, object]:
        nonlocal twice
        document = dict(pairs)
        twice = twice or len(document) < len(pairs)
        return document

    return json.loads(without_mark(text), object_pairs_hook=fields), twice


def written(document: object) -> str:
    """Return `document` as JSON without spaces."""
    try:
        return msgspec.json.encode(document).decode()
    except (ValueError, OverflowError, TypeError, msgspec.EncodeError):
        # Lone surrogates, which no file can hold as they are, and numbers beyond 64 bits.
        return json.dumps(document, separators=(",", ":"))
