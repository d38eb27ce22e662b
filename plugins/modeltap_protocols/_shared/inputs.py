"""Values of a request: rows of named columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from modeltap.payload import Decoded, Payload

MAX_ROWS = 100_000
MAX_COLUMNS = 10_000
"""More than this are pixels or tokens: nothing whose drift could be told by column."""

CUT = "request: cut"
TOO_WIDE = f"request: more than {MAX_COLUMNS} columns"


def rows_of(payload: Payload, values: Sequence[Any]) -> list[dict[str, Any]]:
    """Return N values as N rows: objects as they are, lists and single values with names.

    >>> rows_of(Payload("/", None, 200, None, None), [{"a": 1}, [2, 3], 4, "b"])
    [{'a': 1}, {'f0': 2, 'f1': 3}, {'f0': 4}, {'text': 'b'}]
    """
    return [_row(payload, value) for value in values]


def _row(payload: Payload, value: Any) -> dict[str, Any]:
    if type(value) is dict:
        return value
    if type(value) is list:
        return payload.named(value)
    row = payload.named([value])
    return {"text": value} if type(value) is str and "f0" in row else row


def lengths(columns: Mapping[str, Any]) -> set[int]:
    """Return the lengths of columns that are lists; of anything else nothing.

    >>> lengths({"a": [1, 2], "b": [3, 4]}), lengths({"a": [1], "b": 2}), lengths({})
    ({2}, set(), set())
    """
    values = columns.values()
    return set(map(len, values)) if all(type(value) is list for value in values) else set()


def transposed(columns: Mapping[str, Sequence[Any]]) -> list[dict[str, Any]]:
    """Return columns of one length N as N rows.

    >>> transposed({"a": [1, 2], "b": [3, 4]})
    [{'a': 1, 'b': 3}, {'a': 2, 'b': 4}]
    >>> transposed({"a": [[1], [2]], "b": [[3, 4], [5, 6]]})
    [{'a': 1, 'b': [3, 4]}, {'a': 2, 'b': [5, 6]}]
    """
    plain = [_flat(column) for column in columns.values()]
    return [dict(zip(columns, values, strict=True)) for values in zip(*plain, strict=True)]


def _flat(column: Sequence[Any]) -> Sequence[Any]:
    """Return a column of lists of one value as these values: a tensor of shape [N, 1]."""
    is_tensor = all(type(value) is list and len(value) == 1 for value in column)
    return [value[0] for value in column] if is_tensor else column


def of_object(columns: dict[str, Any]) -> Decoded:
    """Return the rows of an object of columns: N of lists of N, one of single values.

    >>> of_object({"a": [1, 2], "b": [3]}).note
    'request: columns of different lengths (1, 2)'
    """
    found = lengths(columns)
    if len(found) > 1:
        told = ", ".join(map(str, sorted(found)[:5]))
        return Decoded(note=f"request: columns of different lengths ({told})")
    return bounded(transposed(columns) if found else [columns])


def bounded(rows: list[dict[str, Any]]) -> Decoded:
    """Return rows as what was found, unless there are none or too many.

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
