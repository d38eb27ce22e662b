"""Rows of named columns from the values of a request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from modeltap.payload import Decoded, Payload
from modeltap_protocols._shared.frames import indexed_rows, named_rows, only_frame

MAX_ROWS = 100_000
MAX_COLUMNS = 10_000
"""More columns are pixels or tokens, for which drift per column has no meaning."""

CUT = "request: cut"
TOO_WIDE = f"request: more than {MAX_COLUMNS} columns"


def rows_of(payload: Payload, values: Sequence[Any]) -> list[dict[str, Any]]:
    """Return N values as N rows: objects unchanged, lists and single values with names.

    A single frame has its own rows.

    >>> rows_of(Payload("/", None, 200, None, None), [{"a": 1}, [2, 3], 4, "b"])
    [{'a': 1}, {'f0': 2, 'f1': 3}, {'f0': 4}, {'text': 'b'}]
    """
    return only_frame(values) or [_row(payload, value) for value in values]


def _row(payload: Payload, value: Any) -> dict[str, Any]:
    if type(value) is dict:
        return value
    if type(value) is list:
        return payload.named(value)
    row = payload.named([value])
    return {"text": value} if type(value) is str and "f0" in row else row


def lengths(columns: Mapping[str, Any]) -> set[int]:
    """Return the lengths of columns if all are lists, else an empty set.

    >>> lengths({"a": [1, 2], "b": [3, 4]}), lengths({"a": [1], "b": 2}), lengths({})
    ({2}, set(), set())
    """
    values = columns.values()
    return set(map(len, values)) if all(type(value) is list for value in values) else set()


def transposed(columns: Mapping[str, Sequence[Any]]) -> list[dict[str, Any]]:
    """Return columns of the same length N as N rows.

    >>> transposed({"a": [1, 2], "b": [3, 4]})
    [{'a': 1, 'b': 3}, {'a': 2, 'b': 4}]
    >>> transposed({"a": [[1], [2]], "b": [[3, 4], [5, 6]]})
    [{'a': 1, 'b': [3, 4]}, {'a': 2, 'b': [5, 6]}]
    """
    plain = [_flat(column) for column in columns.values()]
    return [dict(zip(columns, values, strict=True)) for values in zip(*plain, strict=True)]


def _flat(column: Sequence[Any]) -> Sequence[Any]:
    """Return the values of a column of one-value lists, such as a tensor of shape [N, 1]."""
    is_tensor = all(type(value) is list and len(value) == 1 for value in column)
    return [value[0] for value in column] if is_tensor else column


def of_object(columns: dict[str, Any]) -> Decoded:
    """Return the rows of an object of columns: N rows for lists of N, one row for single values.

    A frame with separate names and values, or by index, has its own rows.

    >>> of_object({"a": [1, 2], "b": [3]}).note
    'request: columns of different lengths (1, 2)'
    """
    rows = named_rows(columns) or indexed_rows(columns)
    if rows is not None:
        return bounded(rows)
    sizes = lengths(columns)
    if len(sizes) > 1:
        listed = ", ".join(map(str, sorted(sizes)[:5]))
        return Decoded(note=f"request: columns of different lengths ({listed})")
    return bounded(transposed(columns) if sizes else [columns])


def bounded(rows: list[dict[str, Any]]) -> Decoded:
    """Return rows as `Decoded`, with a note if there are none or too many.

    >>> bounded([]).note
    'request: no rows'
    """
    if not rows:
        return Decoded(note="request: no rows")
    if len(rows) > MAX_ROWS:
        return Decoded(note=f"request: more than {MAX_ROWS} rows")
    if max(map(len, rows)) > MAX_COLUMNS:
        return Decoded(note=TOO_WIDE)
    return Decoded(rows=rows)
