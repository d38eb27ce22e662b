"""Places of features in request bodies.

Features come from decoders; SQL can only look into JSON. A feature's place is found by searching
a body for the value that the decoder returned, and counts only if it gives no other value in any
of the sampled rows.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from modeltap.store.model_views import ROW, BodyPlace

_DEEPEST = 3
"""Levels of a body that are searched for an object or list with features."""

_MAX_CONTAINERS = 40
_MAX_PLACES = 3
"""Different places of a feature, if clients send several forms of bodies."""

_TRIED = 5
"""Rows of the sample that places are searched in; they are checked in all rows."""


class DecodedSample(NamedTuple):
    """A decoded row: its body, its number in it, and its features."""

    body: Any
    row: int
    features: Mapping[str, Any]


def feature_places(
    rows: Sequence[DecodedSample], names: Iterable[str]
) -> dict[str, list[BodyPlace]]:
    """Return the places of the features that have any.

    >>> body = {"instances": [{"a": 1, "b": {"c": 2}}, {"a": 3}]}
    >>> rows = [DecodedSample(body, 0, {"a": 1, "b.c": 2}), DecodedSample(body, 1, {"a": 3})]
    >>> feature_places(rows, ["a", "b.c"])
    {'a': [('instances', None, 'a')], 'b.c': [('instances', None, 'b', 'c')]}

    A feature that no row of the sample has is expected beside the others:

    >>> feature_places([DecodedSample({"x": {"a": 1}}, 0, {"a": 1})], ["a", "rare"])["rare"]
    [('x', 'rare')]
    """
    places = {name: _places_of(rows, name) for name in names}
    beside = Counter(
        place[:-1] for name, own in places.items() for place in own if place[-1] == name
    )
    for name, own in places.items():
        if not own and beside and all(row.features.get(name) is None for row in rows):
            places[name] = [(*beside.most_common(1)[0][0], name)]
    return {
        name: own
        for name, own in places.items()
        if own and all(_is_never_wrong(place, rows, name) for place in own)
    }


def _places_of(rows: Sequence[DecodedSample], name: str) -> list[BodyPlace]:
    known = [row for row in rows if row.features.get(name) is not None]
    chosen: list[BodyPlace] = []
    while known and len(chosen) < _MAX_PLACES:
        place = next(
            (
                place
                for place in _candidates(known, name)
                if place not in chosen and _is_never_wrong(place, rows, name)
            ),
            None,
        )
        if place is None:
            break
        chosen.append(place)
        known = [row for row in known if value_at(row, place) is None]
    return chosen


def _candidates(rows: Sequence[DecodedSample], name: str) -> Iterator[BodyPlace]:
    for row in rows[:_TRIED]:
        for within, container in _containers(row):
            for place, value in _resolved(container, name, within):
                if value is not None and value == row.features[name]:
                    yield place
                elif type(value) is list and value_at(row, (*place, ROW)) is not None:
                    yield (*place, ROW)


def _is_never_wrong(place: BodyPlace, rows: Sequence[DecodedSample], name: str) -> bool:
    values = ((value_at(row, place), row.features.get(name)) for row in rows)
    return all(value is None or value == expected for value, expected in values)


def _containers(row: DecodedSample) -> Iterator[tuple[BodyPlace, Any]]:
    """Yield the objects and lists in a body that may hold a row, the outermost first."""
    level: list[tuple[BodyPlace, Any]] = [((), row.body)]
    count = 0
    for _ in range(_DEEPEST + 1):
        inner: list[tuple[BodyPlace, Any]] = []
        for place, value in level:
            count += 1
            if count > _MAX_CONTAINERS:
                return
            yield place, value
            if type(value) is dict:
                inner += [
                    ((*place, key), item)
                    for key, item in value.items()
                    if type(item) in (dict, list)
                ]
            elif row.row < len(value) and type(value[row.row]) in (dict, list):
                inner.append(((*place, ROW), value[row.row]))
        level = inner


def _resolved(value: Any, name: str, within: BodyPlace) -> Iterator[tuple[BodyPlace, Any]]:
    """Yield the places in an object or a list that a dotted name may mean, with their values."""
    if type(value) is dict:
        if name in value:
            yield (*within, name), value[name]
        end = name.find(".")
        while end >= 0:
            key, rest = name[:end], name[end + 1 :]
            if type(value.get(key)) in (dict, list):
                yield from _resolved(value[key], rest, (*within, key))
            end = name.find(".", end + 1)
    elif type(value) is list:
        digits = re.search(r"[0-9]{1,6}\Z", name)
        if digits and int(digits[0]) < len(value):
            yield (*within, int(digits[0])), value[int(digits[0])]


def value_at(row: DecodedSample, place: BodyPlace) -> Any:
    """Return the value at a place of a row's body; None if there is none.

    >>> value_at(DecodedSample({"x": [[5, 6], [7, 8]]}, 1, {}), ("x", ROW, 0))
    7
    """
    value = row.body
    for step in place:
        if type(step) is str:
            value = value.get(step) if type(value) is dict else None
        else:
            position = row.row if step is ROW else step
            fits = type(value) is list and position < len(value)  # type: ignore[operator]
            value = value[position] if fits else None
        if value is None:
            return None
    return value
