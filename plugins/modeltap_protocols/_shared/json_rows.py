"""Possible readings of a JSON request as rows; the response decides which of them applies."""

from __future__ import annotations

from typing import Any, NamedTuple

from modeltap.payload import Payload, unwrapped
from modeltap_protocols._shared.frames import (
    FRAME_NAMES,
    Rows,
    azure_inputs,
    indexed_rows,
    named_rows,
    only_frame,
)
from modeltap_protocols._shared.inputs import MAX_COLUMNS, lengths, rows_of, transposed
from modeltap_protocols._shared.replies import values_in

ROWS_NAMES = frozenset(
    ("instances", "inputs", "data", "rows", "records", "features", "items", "body")
)
_BATCHES = ("instances", "inputs", "data", "rows", "records")
_ALWAYS_ROWS = ("instances", "rows", "records")
_MATRICES = ("x", "input", "input_data", "values", "sample", "samples", "array", "matrix")
"""Other names for the argument of scikit-learn's `predict`: a list of rows."""

_ONE_ROW = ("features", "feature", "vector", "embedding", "instance", "pixels")
"""Names of a list of numbers that is one row, even if the response has as many values."""


_FRAMES = ROWS_NAMES | {*_MATRICES, "dataframe", "frame", "df"}
"""Names of members that hold columns, even if the response has a single value."""

_OF_PROTOCOLS = frozenset(
    (
        *("instances", "inputs", "Inputs", "input", "data", "messages", "prompt", "specversion"),
        *("names", "fields", "header", "headers", "dataframe_split", "dataframe_records"),
        *FRAME_NAMES,
    )
)
"""Names in requests that are frames, or that another protocol may have."""


def only_row(document: Any, *, is_single: bool = False) -> dict[str, Any] | None:
    """Return the row of an object that has one reading in any protocol; None if it may have others.

    Args:
        is_single: True if the response has a single value, which fits no list of several rows.

    >>> only_row({"a": 1, "b": {"c": [2]}}), only_row({"features": {"a": 1, "b": 2}})
    ({'a': 1, 'b': {'c': [2]}}, {'a': 1, 'b': 2})
    >>> only_row({"features": [1, 2]}), only_row({"a": [1, 2], "b": [3, 4]})
    ({'features': [1, 2]}, None)
    >>> only_row({"a": 1, "items": [{"b": 2}]}), only_row({"inputs": 1, "b": 2})
    (None, None)
    >>> only_row({"a": 1, "items": [{"b": 2}]}, is_single=True)
    {'a': 1, 'items': [{'b': 2}]}
    """
    if type(document) is not dict or not 0 < len(document) <= MAX_COLUMNS:
        return None
    if not _OF_PROTOCOLS.isdisjoint(document):
        return None
    kinds = set(map(type, document.values()))
    if len(document) == 1:
        ((name, inner),) = document.items()
        if name == "features" and kinds == {dict} and not all(map(str.isdigit, inner)):
            return only_row(inner, is_single=is_single)
        return document if name in _ONE_ROW and _is_plain_list(inner) else None
    if kinds <= {dict, list}:
        return None  # a frame or columns
    held = None if kinds.isdisjoint((dict, list)) else _held_frame(document)
    if held is not None and not (held.is_uncertain and is_single):
        return None
    if list in kinds and any(map(_are_rows, document.values())):
        return document if is_single and document.keys().isdisjoint(_BATCHES) else None
    return document


def _is_plain_list(value: Any) -> bool:
    return type(value) is list and bool(value) and {dict, list}.isdisjoint(map(type, value))


def possible_rows(payload: Payload) -> list[Rows]:
    """Return the possible readings of a request as rows; the last applies without a response.

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
    if (frame := named_rows(document)) is not None:
        return [frame]
    if (inputs := azure_inputs(document)) is not None:
        return _of_object(payload, {"instances": inputs})
    if (rows := indexed_rows(document)) is not None:
        return [rows] if len(rows) == 1 else [rows, [document], rows]
    if len(document) == 1:
        ((name, inner),) = document.items()
        if type(inner) is dict and (frame := named_rows(inner)) is not None:
            return [frame]
        inner = unwrapped(inner) if name in ROWS_NAMES else inner
        if type(inner) is dict and name in ROWS_NAMES:
            return _of_object(payload, inner) if inner else []
        if type(inner) is list and (held := _frame_in(name, inner)) is not None:
            return [held.rows]
        if _are_rows(inner):
            rows, single = rows_of(payload, inner), [{name: inner}]
            if name in _ALWAYS_ROWS and type(inner[0]) is dict:
                return [rows]
            is_batch = _is_batch(payload, name, rows) or _is_matrix(name, inner)
            return [rows, single, rows] if is_batch else [single]
        document = {name: inner}
    if (held := _held_frame(document)) is not None:
        rows = joined(held.rows, {name: document[name] for name in document if name != held.name})
        if held.is_uncertain:
            return [rows, [document]]
        return [rows] if len(rows) == 1 else [rows, [document], rows]
    readings = []
    if (columns := _by_column(document)) is not None:
        readings.append(columns)
    holding = [name for name, value in document.items() if _are_rows(value)]
    if len(holding) == 1:
        others = {name: value for name, value in document.items() if name != holding[0]}
        rows = joined(rows_of(payload, document[holding[0]]), others)
        if _is_batch(payload, holding[0], rows):
            readings.append(rows)
    return [*readings, [document]]


class _HeldFrame(NamedTuple):
    """The member of a request that holds a frame or columns.

    Attributes:
        is_uncertain: True if the member may also be a group of lists in a single row, so that
            only the number of predictions shows that it is columns.
    """

    name: str
    rows: Rows
    is_uncertain: bool


def joined(rows: Rows, others: dict[str, Any]) -> Rows:
    """Add the other members of a request to each of its rows; a row's own values stay.

    >>> joined([{"a": 1, "id": 7}], {"id": "r-1", "k": 3})
    [{'a': 1, 'id': 7, 'k': 3}]
    """
    return [{**row, **others, **row} for row in rows] if others else rows


def _held_frame(document: dict[str, Any]) -> _HeldFrame | None:
    """Return the only member of a request that holds a frame; None if no or several members do.

    Other members, such as parameters and metadata of the call, may stand beside it.

    >>> _held_frame({"data": {"names": ["a"], "ndarray": [[1], [2]]}, "meta": {}})
    _HeldFrame(name='data', rows=[{'a': 1}, {'a': 2}], is_uncertain=False)
    >>> _held_frame({"history": {"a": [1, 2], "b": [3, 4]}, "k": 5}).is_uncertain
    True
    """
    members = [(name, value) for name, value in document.items() if type(value) in (dict, list)]
    frames = [frame for name, value in members if (frame := _frame_in(name, value)) is not None]
    return frames[0] if len(frames) == 1 else None


def _frame_in(name: str, value: Any) -> _HeldFrame | None:
    if type(value) is list:
        return None if (rows := only_frame(value)) is None else _HeldFrame(name, rows, False)
    rows = azure_inputs({name: value})
    if rows is not None:
        return _HeldFrame(name, rows, False) if _are_rows(rows) else _frame_in("inputs", rows)
    if (rows := named_rows(value)) is not None:
        return _HeldFrame(name, rows, False)
    if name in _FRAMES and (rows := indexed_rows(value)) is not None:
        return _HeldFrame(name, rows, False)
    if (rows := _by_column(value)) is not None and (name in _FRAMES or len(rows) > 1):
        return _HeldFrame(name, rows, name not in _FRAMES)
    return None


def _is_batch(payload: Payload, name: str, rows: Rows) -> bool:
    """Return True if a list is a batch of rows and not, such as a basket, a field of one row.

    A list of one item is a batch only by its name, or if the response is a list.
    """
    return len(rows) > 1 or name in _BATCHES or values_in(payload) is not None


def _is_matrix(name: str, values: list[Any]) -> bool:
    """Return True if a list of lists is rows of numbers: {"features": [[5.1, 3.5]]}."""
    is_named = name in ROWS_NAMES or name.lower() in _MATRICES
    return is_named and type(values[0]) is list and not {dict, list} & set(map(type, values[0]))


def _by_column(document: dict[str, Any]) -> Rows | None:
    sizes = lengths(document)
    if len(sizes) != 1 or sizes == {0} or not document.keys().isdisjoint(_ONE_ROW):
        return None
    if sizes == {1} and not _is_one_row(document):
        return None
    return transposed(document)


def _is_one_row(document: dict[str, Any]) -> bool:
    """Return True for several columns of one value each; a single column may be a row's list."""
    columns = document.values()
    return len(columns) > 1 and all(type(column[0]) not in (dict, list) for column in columns)


def _of_list(payload: Payload, values: list[Any]) -> Rows:
    kinds = set(map(type, values))
    if kinds in ({dict}, {list}):
        return rows_of(payload, values)
    return [payload.named(values)] if values and not kinds & {dict, list} else []


def _are_rows(value: Any) -> bool:
    return type(value) is list and bool(value) and set(map(type, value)) in ({dict}, {list})
