"""Data frames in JSON: separate names and values, objects by index, tensors, Azure's `Inputs`."""

from __future__ import annotations

from math import prod
from typing import Any

Rows = list[dict[str, Any]]

FRAME_NAMES = frozenset(
    ("columns", "feature_names", "featureNames", "features_names", "column_names", "ColumnNames")
)
"""Members with the names of columns: of pandas, scikit-learn and Azure's designer."""

_OTHER_NAMES = frozenset(("names", "fields", "header", "headers"))
"""Names of such members, in Seldon, Watson and CSV, that a plain column may have as well."""

_VALUES = frozenset(("data", "ndarray", "Values", "values", "rows", "instances", "inputs"))
_VALUES_OF_COLUMNS = _VALUES | {"features", "records", "X", "x"}
"""Members with the rows of a frame."""

_AZURE = frozenset(("Inputs", "GlobalParameters"))


def named_rows(document: dict[str, Any]) -> Rows | None:
    """Return the rows of a frame with separate names and values; None for other documents.

    >>> named_rows({"columns": ["a", "b"], "index": [7], "data": [[1, "x"]]})
    [{'a': 1, 'b': 'x'}]
    >>> named_rows({"names": ["a", "b"], "tensor": {"shape": [1, 2], "values": [1, 2]}})
    [{'a': 1, 'b': 2}]
    >>> named_rows({"feature_names": ["a", "b"], "features": [1, 2]})
    [{'a': 1, 'b': 2}]
    >>> named_rows({"fields": ["a"], "values": [[1], [2]]}), named_rows({"names": ["x"], "x": [1]})
    ([{'a': 1}, {'a': 2}], None)
    """
    names, sure = _only(document, FRAME_NAMES), True
    if names is None:
        names, sure = _only(document, _OTHER_NAMES), False
    if type(names) is not list or not names or not {str, int}.issuperset(map(type, names)):
        return None
    values = _only(document, _VALUES_OF_COLUMNS if sure else _VALUES)
    rows: Any = tensor_rows(document) if values is None else values
    if type(rows) is not list or not rows:
        return None
    if sure and {dict, list}.isdisjoint(map(type, rows)):
        # A frame of one column may be a flat list, and so may be a frame of one row.
        rows = [[value] for value in rows] if len(names) == 1 else [rows]
    if not all(type(row) is list and len(row) == len(names) for row in rows):
        return None
    return [dict(zip(map(str, names), row, strict=True)) for row in rows]


def only_frame(values: Any) -> Rows | None:
    """Return the rows of a list of one frame, the form of Watson; None for other values.

    >>> only_frame([{"fields": ["a"], "values": [[1], [2]]}]), only_frame([{"a": 1}])
    ([{'a': 1}, {'a': 2}], None)
    """
    if type(values) is not list or len(values) != 1 or type(values[0]) is not dict:
        return None
    return named_rows(values[0])


def _only(document: dict[str, Any], names: frozenset[str]) -> Any:
    """Return the value of the only member with one of these names."""
    present = names & document.keys()
    return document[next(iter(present))] if len(present) == 1 else None


def tensor_rows(document: dict[str, Any]) -> list[Any] | None:
    """Return the rows of a Seldon tensor; None for other documents.

    >>> tensor_rows({"tensor": {"shape": [2, 2], "values": [1, 2, 3, 4]}})
    [[1, 2], [3, 4]]
    """
    tensor: Any = document.get("tensor")
    if type(tensor) is not dict:
        return None
    shape, values = tensor.get("shape"), tensor.get("values")
    if type(shape) is not list or type(values) is not list or not values:
        return None
    if not all(type(size) is int and size > 0 for size in shape) or prod(shape) != len(values):
        return None
    width = len(values) // shape[0] if shape else 1
    return [values[start : start + width] for start in range(0, len(values), width)]


def indexed_rows(document: dict[str, Any]) -> Rows | None:
    """Return the rows of a frame that pandas wrote as columns by index, or as rows by index.

    >>> indexed_rows({"a": {"17": 1, "42": 2}, "b": {"17": "x", "42": "y"}})
    [{'a': 1, 'b': 'x'}, {'a': 2, 'b': 'y'}]
    >>> indexed_rows({"0": {"a": 1}, "1": {"a": 2}}), indexed_rows({"a": {"b": 1}})
    ([{'a': 1}, {'a': 2}], None)
    """
    members = list(document.values())
    if not members or set(map(type, members)) != {dict}:
        return None
    if all(map(_is_index, document)):
        return members if all(members) else None
    index = members[0]
    if not index or not all(map(_is_index, index)):
        return None
    if any(member.keys() != index.keys() for member in members):
        return None
    return [{name: column[place] for name, column in document.items()} for place in index]


def azure_inputs(document: dict[str, Any]) -> Any:
    """Return the only member of Azure ML's `Inputs`, under any name; None for other documents.

    >>> azure_inputs({"Inputs": {"data": [{"a": 1}]}, "GlobalParameters": {"method": "predict"}})
    [{'a': 1}]
    """
    inputs: Any = document.get("Inputs")
    if type(inputs) is not dict or len(inputs) != 1 or not document.keys() <= _AZURE:
        return None
    (values,) = inputs.values()
    return values if type(values) in (dict, list) and values else None


def _is_index(name: str) -> bool:
    return name.isascii() and name.isdigit()
