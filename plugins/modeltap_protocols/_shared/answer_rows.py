"""Responses split into one value per row: lists, columns, envelopes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from modeltap.decoding.response_names import named
from modeltap.payload import unwrapped
from modeltap_protocols._shared.frames import named_rows, only_frame, tensor_rows
from modeltap_protocols._shared.inputs import transposed
from modeltap_protocols._shared.members import (
    envelope_in,
    has_no_output,
    labels_in,
    message_of,
    names_in,
)
from modeltap_protocols._shared.values import (
    is_distribution,
    is_outputs,
    is_scored_label,
    ranked_columns,
    ranking,
)

_OF_ALL_ROWS = ("predictions", "outputs", "results")
"""Names of a list with one value for each row: if it is empty, there is none."""


def by_row(document: Any, rows: int) -> list[Any]:
    """Split a response into one value for each of `rows` rows, if its shape allows it.

    >>> by_row({"label": ["a", "b"], "proba": [[0.9, 0.1], [0.2, 0.8]]}, 2)
    [{'label': 'a', 'proba': [0.9, 0.1]}, {'label': 'b', 'proba': [0.2, 0.8]}]
    >>> by_row([0.5, 0.5], 1), by_row([0.5, 0.5], 2), by_row({"price": [3, 4]}, 2)
    ([[0.5, 0.5]], [0.5, 0.5], [3, 4])
    >>> by_row({"status": "ok", "data": {"price": [1, 2], "risk": [3, 4]}}, 2)
    [{'price': 1, 'risk': 3}, {'price': 2, 'risk': 4}]
    """
    document = unwrapped(document)
    if type(document) is dict:
        return _object_by_row(document, rows)
    if type(document) is not list:
        return [] if document is None else [document]
    if rows == 1 and _is_one_answer(document):
        return [document]
    only = unwrapped(document[0]) if len(document) == 1 else None
    is_table = type(only) in (dict, list) and (rows > 1 or only_frame(document) is not None)
    return by_row(only, rows) if is_table else document


def _is_one_answer(values: list[Any]) -> bool:
    """Return True if the values belong to one row: a distribution, a ranking, several outputs, or
    a set of labels."""
    outputs = is_outputs(values) and float in set(map(type, values))
    return (
        outputs
        or is_scored_label(values)
        or is_distribution(values)
        or ranking(values) is not None
        or _is_label_set(values)
    )


def _is_label_set(values: list[Any]) -> bool:
    """Return True for two texts or more that all differ."""
    return len(values) > 1 and set(map(type, values)) == {str} and len(set(values)) == len(values)


def _object_by_row(document: dict[str, Any], rows: int) -> list[Any]:
    if (frame := _of_frame(document)) is not None:
        return by_row(frame, rows)
    labels = labels_in(document)
    members = [labels, named(document, "score"), named(document, "probabilities")]
    first = [names[0] for names in members if names]
    if not first and (has_no_output(document) or message_of(document) is not None):
        return [document] if rows == 1 else []
    if not first:
        return _unnamed_by_row(document, names_in(document), rows)
    if len(first) == 1 and (frame := only_frame(document[first[0]])) is not None:
        return by_row(frame, rows)
    columns = _columns(document, document, rows)
    if columns.keys() >= set(first):
        return columns[first[0]] if len(columns) == 1 else list(transposed(columns))
    label = unwrapped(document[labels[0]]) if labels else None
    if rows == 1 and (
        type(label) is not list or len(label) == 1 or ranked_columns(document) is not None
    ):
        return [document]
    if rows == 1 and label == [] and labels[0].lower() not in _OF_ALL_ROWS:
        return [[]]  # a set without labels
    return by_row(document[first[0]], rows)


def _of_frame(document: dict[str, Any]) -> list[Any] | None:
    """Return the rows of split pandas frames and Seldon arrays, which do not name the outputs."""
    if "tensor" in document:
        return tensor_rows(document)
    values: Any = document.get("ndarray")
    if "names" in document and type(values) is list:
        return list(values)
    # Names of features belong to explanations, which stand beside the prediction.
    return named_rows(document) if "columns" in document or "fields" in document else None


def _unnamed_by_row(document: dict[str, Any], names: Sequence[str], rows: int) -> list[Any]:
    if len(names) == 1:
        return by_row(document[names[0]], rows)
    columns = _columns(document, names, rows)
    if columns and len(columns) == len(names):
        return list(transposed(columns))
    if rows > 1 and set(names) == {str(place) for place in range(rows)}:
        return [document[str(place)] for place in range(rows)]
    envelope = envelope_in(document, names)
    if envelope is not None:
        return by_row(document[envelope], rows)
    if rows == 1 and names:
        return [document]
    return list(transposed(columns)) if columns else []


def _columns(document: dict[str, Any], names: Any, rows: int) -> dict[str, list[Any]]:
    """Return the members with one value per row, as a list or as an object by row number."""
    columns = {name: _column(document[name], rows) for name in names}
    return {name: column for name, column in columns.items() if column is not None}


def _column(value: Any, rows: int) -> list[Any] | None:
    if type(value) is list:
        return value if len(value) == rows else None
    if type(value) is dict and len(value) == rows:
        places = [str(place) for place in range(rows)]  # the index of a pandas frame
        return [value[place] for place in places] if set(value) == set(places) else None
    return None
