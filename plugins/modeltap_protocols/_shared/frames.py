"""Data frames in JSON: separate names and values, objects by index, tensors, Azure's `Inputs`."""

from __future__ import annotations

from math import prod
from typing import Any

Rows = list[dict[str, Any]]

_NAMES_AND_VALUES = (("columns", "data"), ("names", "ndarray"), ("ColumnNames", "Values"))
"""Members of frames in the forms of pandas, Seldon and Azure's designer."""

_AZURE = frozenset(("Inputs", "GlobalParameters"))


def named_rows(document: dict[str, Any]) -> Rows | None:
    """Return the rows of a frame with separate names and values; None for other documents.

    >>> named_rows({"columns": ["a", "b"], "index": [7], "data": [[1, "x"]]})
    [{'a': 1, 'b': 'x'}]
    >>> named_rows({"names": ["a", "b"], "tensor": {"shape": [1, 2], "values": [1, 2]}})
    [{'a': 1, 'b': 2}]
    """
    for names, values in _NAMES_AND_VALUES:
        named: Any = document.get(names)
        rows: Any = document.get(values)
        if rows is None and names == "names":
            rows = tensor_rows(document)
        if type(named) is not list or type(rows) is not list or not rows:
            continue
        if all(type(row) is list and len(row) == len(named) for row in rows):
            return [dict(zip(map(str, named), row, strict=True)) for row in rows]
    return None


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
