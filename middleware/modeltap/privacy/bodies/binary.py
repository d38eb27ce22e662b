"""Names in binary bodies: in a Parquet file's footer, and in the JSON that other bytes follow."""

from __future__ import annotations

import json

PARQUET = b"PAR1"
"""The first and the last bytes of a Parquet file."""

_FOOTER_END = 8
"""After a Parquet file's footer come its length, in four bytes, and the mark."""


def parquet_footer(body: bytes) -> str | None:
    """Return the text of a Parquet file's footer, which has the columns' names; None if it is cut.

    >>> parquet_footer(b"PAR1 cells names" + bytes([5, 0, 0, 0]) + b"PAR1")
    'names'
    """
    if len(body) < len(PARQUET) + _FOOTER_END or not body.endswith(PARQUET):
        return None
    size = int.from_bytes(body[-_FOOTER_END : -len(PARQUET)], "little")
    return body[-_FOOTER_END - size : -_FOOTER_END].decode("latin-1")


def head_names(body: bytes) -> list[str] | None:
    """Return the names of fields and tensors in the JSON that `body` begins with; None for none.

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
    """Return where the JSON document that `body` begins with ends; 0 where there is none.

    >>> json_end(b'{"id": 1}' + bytes([255])), json_end(b"x")
    (9, 0)
    """
    try:
        # In Latin-1 each byte is a character: places in the text are places in the bytes.
        return json.JSONDecoder().raw_decode(body.decode("latin-1"))[1]
    except (ValueError, RecursionError):
        return 0
