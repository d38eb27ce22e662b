"""Masking by position: where a name stands beside its values, and not above them.

A table has its columns' names in one list and its cells in others; a tensor has its name in one
member and its values in another. Of binary bodies only the names are read.
"""

from __future__ import annotations

import json
from typing import Any

from modeltap.privacy.marks import Marks
from modeltap.privacy.names import SensitiveNames

_COLUMNS = ("columns", "headers")
"""The keys under which pandas (`split`), and Gradio, have the names of a table's columns."""

_VALUES = ("data", "values", "value")

PARQUET = b"PAR1"
"""The first and the last bytes of a Parquet file."""

_FOOTER_END = 8
"""After a Parquet file's footer come its length, in four bytes, and the mark."""


def mask_beside(
    document: dict[str, Any],
    names: SensitiveNames,
    marks: Marks,
) -> bool:
    """Replace values under sensitive columns or a sensitive name beside them; say if any."""
    changed = False
    for columns in _COLUMNS:
        changed = _mask_cells(document, columns, names, marks) or changed
    name = document.get("name")
    if isinstance(name, str) and names.is_sensitive(name):
        for member in _VALUES:
            if member in document:
                document[member] = _all_replaced(document[member], marks)
                changed = True
    return changed


def _mask_cells(
    document: dict[str, Any],
    columns: str,
    names: SensitiveNames,
    marks: Marks,
) -> bool:
    header, rows = document.get(columns), document.get("data")
    if not isinstance(header, list) or not isinstance(rows, list):
        return False
    changed = False
    for place in (place for place, name in enumerate(header) if names.is_sensitive(str(name))):
        for row in rows:
            if isinstance(row, list) and place < len(row):
                row[place] = marks.replacement(row[place])
                changed = True
    return changed


def _all_replaced(value: Any, marks: Marks) -> Any:
    """Replace each value for itself: a tensor keeps its shape."""
    if isinstance(value, list):
        return [_all_replaced(inner, marks) for inner in value]
    return marks.replacement(value)


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
