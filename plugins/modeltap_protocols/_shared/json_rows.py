"""The rows that a JSON request may be: the answer says which of these readings it is."""

from __future__ import annotations

from typing import Any

from modeltap.payload import Payload, unwrapped
from modeltap_protocols._shared.inputs import lengths, rows_of, transposed
from modeltap_protocols._shared.replies import values_in

ROWS_NAMES = ("instances", "inputs", "data", "rows", "records", "features", "items", "body")
_BATCHES = ("instances", "inputs", "data", "rows", "records")
_ALWAYS_ROWS = ("instances", "rows", "records")
_ONE_ROW = ("features", "feature", "vector", "embedding", "instance", "pixels")
"""Names of a list of numbers that is one row, though as many values may be answered."""

Rows = list[dict[str, Any]]


def possible_rows(payload: Payload) -> list[Rows]:
    """Return the readings of a request as rows; the last is that without an answer.

    >>> possible_rows(Payload("/", None, 200, '{"items": [{"a": 1}, {"a": 2}], "k": 3}', None))
    [[{'a': 1, 'k': 3}, {'a': 2, 'k': 3}], [{'items': [{'a': 1}, {'a': 2}], 'k': 3}]]
    >>> possible_rows(Payload("/", None, 200, '[[1, 2], [3, 4]]', None))
    [[{'f0': 1, 'f1': 2}, {'f0': 3, 'f1': 4}]]
    """
    document = payload.request_json
    if type(document) is dict:
        return _of_object(payload, document) if document else []
    rows = _of_list(payload, document) if type(document) is list else []
    return [rows] if rows else []


def _of_object(payload: Payload, document: dict[str, Any]) -> list[Rows]:
    if (frame := _of_frame(document)) is not None:
        return [frame]
    if len(document) == 1:
        ((name, inner),) = document.items()
        if type(inner) is dict and (frame := _of_frame(inner)) is not None:
            return [frame]
        inner = unwrapped(inner) if name in ROWS_NAMES else inner
        if type(inner) is dict and name in ROWS_NAMES:
            return _of_object(payload, inner) if inner else []
        if _are_rows(inner):
            rows, one = rows_of(payload, inner), [{name: inner}]
            if name in _ALWAYS_ROWS and type(inner[0]) is dict:
                return [rows]
            return [rows, one, rows] if _is_batch(payload, name, rows) else [one]
        document = {name: inner}
    found = []
    if (columns := _by_column(document)) is not None:
        found.append(columns)
    holding = [name for name, value in document.items() if _are_rows(value)]
    if len(holding) == 1:
        others = {name: value for name, value in document.items() if name != holding[0]}
        rows = [{**row, **others} for row in rows_of(payload, document[holding[0]])]
        if _is_batch(payload, holding[0], rows):
            found.append(rows)
    return [*found, [document]]


def _of_frame(document: dict[str, Any]) -> Rows | None:
    """Return the rows of names and lists of values apart, as pandas and Seldon write frames."""
    for names, values in (("columns", "data"), ("names", "ndarray")):
        named: Any = document.get(names)
        rows: Any = document.get(values)
        if type(named) is not list or not _are_rows(rows):
            continue
        if all(type(row) is list and len(row) == len(named) for row in rows):
            return [dict(zip(map(str, named), row, strict=True)) for row in rows]
    return None


def _is_batch(payload: Payload, name: str, rows: Rows) -> bool:
    """A basket of one thing is no batch of one, unless it is answered or named as one."""
    return len(rows) > 1 or name in _BATCHES or values_in(payload) is not None


def _by_column(document: dict[str, Any]) -> Rows | None:
    found = lengths(document)
    if len(found) != 1 or found <= {0, 1} or not document.keys().isdisjoint(_ONE_ROW):
        return None
    return transposed(document)


def _of_list(payload: Payload, values: list[Any]) -> Rows:
    kinds = set(map(type, values))
    if kinds in ({dict}, {list}):
        return rows_of(payload, values)
    return [payload.named(values)] if values and not kinds & {dict, list} else []


def _are_rows(value: Any) -> bool:
    return type(value) is list and bool(value) and set(map(type, value)) in ({dict}, {list})
