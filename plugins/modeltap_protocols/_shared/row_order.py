"""The order of a response's values, if they name the rows that they belong to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from modeltap.decoding.response_names import snake_case

_PLACES = frozenset(("index", "idx", "row", "position"))
"""Members with the place of the row in the request, from 0."""

_ID_ENDS = frozenset(("id", "key", "uuid", "guid"))


def in_order(values: Sequence[Any], rows: Sequence[Mapping[str, Any]]) -> Sequence[Any]:
    """Return N values in the order of the N rows, by an id that both have or by the row's place.

    Rankings are sorted by score, not in the order of the request. Values without such a member
    are in the order of the rows.

    >>> in_order([{"id": "b", "score": 0.9}, {"id": "a", "score": 0.2}], [{"id": "a"}, {"id": "b"}])
    [{'id': 'a', 'score': 0.2}, {'id': 'b', 'score': 0.9}]
    >>> in_order([{"index": 1, "p": 3}, {"index": 0, "p": 4}], [{"x": 1}, {"x": 2}])
    [{'index': 0, 'p': 4}, {'index': 1, 'p': 3}]
    """
    if set(map(type, values)) != {dict}:
        return values
    for name in values[0]:
        own = snake_case(name)
        if len(values[0]) > 1 and (own in _PLACES or own.rpartition("_")[2] in _ID_ENDS):
            ids = [value.get(name) for value in values]
            for wanted in _ids_of(rows, own):
                if (places := _places(ids, wanted)) is not None:
                    return [values[place] for place in places]
    return values


def _ids_of(rows: Sequence[Mapping[str, Any]], own: str) -> list[list[Any]]:
    """Return the columns of the rows that may hold the ids of a response."""
    if own in _PLACES:
        return [list(range(len(rows)))]
    names = [name for name in rows[0] if snake_case(name).rpartition("_")[2] in _ID_ENDS]
    return [[row.get(name) for row in rows] for name in names]


def _places(ids: Sequence[Any], wanted: Sequence[Any]) -> list[int] | None:
    """Return the place of each wanted id among the ids; None unless both are the same set."""
    if not {str, int}.issuperset(map(type, [*ids, *wanted])):
        return None
    place_of = {id_: place for place, id_ in enumerate(ids)}
    if len(place_of) != len(ids) or place_of.keys() != set(wanted):
        return None
    return [place_of[id_] for id_ in wanted]
