"""Names in binary bodies: in a Parquet file's footer, and in JSON followed by other bytes."""

from __future__ import annotations

import json

PARQUET = b"PAR1"
"""The first and the last bytes of a Parquet file."""

_FOOTER_END = 8
"""The bytes after a Parquet file's footer: its length in four bytes, and `PARQUET`."""


def parquet_footer(body: bytes) -> str | None:
    """Return the footer of a Parquet file, which has the column names; None if it is truncated.

    >>> parquet_footer(b"PAR1 cells names" + bytes([5, 0, 0, 0]) + b"PAR1")
    'names'
    """
    if len(body) < len(PARQUET) + _FOOTER_END or not body.endswith(PARQUET):
        return None
    size = int.from_bytes(body[-_FOOTER_END : -len(PARQUET)], "little")
    return body[-_FOOTER_END - size : -_FOOTER_END].decode("latin-1")


def head_names(body: bytes) -> list[str] | None:
    """Return the names of fields and tensors in the JSON that `body` starts with, or None.

    >>> head_names(b'{"inputs": [{"name": "x", "shape": [1]}]}' + bytes([255]))
    ['name', 'shape', 'x', 'inputs']
    """
    names: list[str] = []

    def noted(pairs: list[tuple[str, object]]) -> None:
        names.extend(name for name, _ in pairs)
        names.extend(value for name, value in pairs if name == "name" and isinstance(value, str))

    try:
        json.loads(body[: json_end(body)].decode("utf-8", "replace"), object_pairs_hook=noted)
    except (ValueError, RecursionError):
        return None
    return names


def json_end(body: bytes) -> int:
    """Return the length of the JSON document that `body` starts with; 0 if there is none.

    >>> json_end(b'{"id": 1}' + bytes([255])), json_end(b"x")
    (9, 0)
    """
    try:
        # In Latin-1 each byte is one character, so positions in text and bytes are the same.
        return json.JSONDecoder().raw_decode(body.decode("latin-1"))[1]
    except (ValueError, RecursionError):
        return 0
