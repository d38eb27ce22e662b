"""Rows as decoders give them, a dictionary each or a struct each, and the columns they make.

A row of JSON costs as a struct half of what it costs as a dictionary, and its columns a third.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import chain
from operator import itemgetter
from typing import Any

import msgspec
from msgspec import UNSET

Row = dict[str, Any] | msgspec.Struct
"""A struct is one of `row_type`; UNSET in it is a field that is not there."""

_MAX_DEPTH = 8
_MAX_FIELDS = 1000
"""Documents with more names than this are dictionaries rather than rows of fixed columns; of
those that are in no one row together only as many become columns."""

MAX_COLUMNS = 10_000
"""Clients choose the names in rows, so the columns of a batch are bounded."""

_Scalar = None | bool | int | float | str


def row_type(rows: Iterable[Mapping[str, Any]]) -> type[msgspec.Struct] | None:
    """Return a struct for flat rows with the names of `rows`; None where they have no such form.

    Decoding to it fails for a row with another field, without one that all of `rows` have, or
    with an object or a list as a value. What it does not refuse has the values that decoding
    without a type gives.

    >>> kind = row_type([{"a": 1, "b": 2}, {"a": 3}])
    >>> columns([msgspec.json.decode(b'{"a": 1}', type=kind)])
    {'a': (1,)}
    """
    found = [row.keys() for row in rows]
    names = dict.fromkeys(name for keys in found for name in keys)
    required = tuple(name for name in names if all(name in keys for keys in found))
    if not required or len(names) > _MAX_FIELDS:
        return None
    return _row_type(required, tuple(name for name in names if name not in required))


@lru_cache(maxsize=64)
def _row_type(required: tuple[str, ...], optional: tuple[str, ...]) -> type[msgspec.Struct] | None:
    own = {f"f{position}": name for position, name in enumerate(required + optional)}
    fields: list[Any] = [(field, _Scalar) for field in own]
    for position in range(len(required), len(fields)):
        fields[position] = (fields[position][0], _Scalar | msgspec.UnsetType, UNSET)
    try:
        return msgspec.defstruct("Row", fields, rename=own, forbid_unknown_fields=True, gc=False)
    except ValueError:  # a name with a quote, a control character or a lone surrogate in it
        return None


def take(row: Row, name: str, default: object) -> object:
    """Take a field out of a row, and return its value; `default` where it is not there."""
    if isinstance(row, dict):
        return row.pop(name, default)
    names = row.__struct_encode_fields__
    if name not in names:
        return default
    field = row.__struct_fields__[names.index(name)]
    value = getattr(row, field)
    setattr(row, field, UNSET)
    return default if value is UNSET else value


def as_dict(row: Row) -> dict[str, Any]:
    """Return a row as a dictionary of the fields that are there."""
    return row if isinstance(row, dict) else _as_dict(row)


def columns(
    rows: Iterable[Row], depth: int = _MAX_DEPTH, known: Collection[str] = ()
) -> dict[str, Sequence[Any]]:
    """Turn N rows into columns of length N; None where a row lacks a field.

    Nested objects become dotted names, `depth` levels deep; what is deeper stays an object; where
    a row has a field of such a name itself, both values are kept, the object's as `NAME.1`. Of
    more than a thousand names, if no row has as many, the rarest are left out, and all that only
    one row has: they may be ids, new in each row. Names that are `known` stay.

    >>> columns([{"a": 1, "b": {"c": 2}}, {"a": 3}])
    {'a': [1, 3], 'b.c': [2, None]}
    >>> columns([{"b": {"c": 2}, "b.c": 3}, {"b": {"c": 4}}])
    {'b.c': [3, 4], 'b.c.1': [2, None]}
    """
    listed = list(rows)
    types = {kind for kind in set(map(type, listed)) if issubclass(kind, msgspec.Struct)}
    dicts = [row for row in listed if isinstance(row, dict)] if len(types) < 2 else []
    if len(types) == 1 and not any(dict in set(map(type, row.values())) for row in dicts):
        return _flat_columns(listed, types.pop(), dicts, known)
    if types:
        dicts = [row if isinstance(row, dict) else _as_dict(row) for row in listed]
    return _dict_columns(dicts, depth, _heads(known), MAX_COLUMNS)


def _flat_columns(
    rows: Sequence[Row],
    kind: type[msgspec.Struct],
    dicts: Sequence[dict[str, Any]],
    known: Collection[str],
) -> dict[str, Sequence[Any]]:
    """Turn structs of one type, and the `dicts` among them, into columns: none has an object."""
    names = kind.__struct_encode_fields__
    always = names[: len(names) - len(kind.__struct_defaults__)]
    if dicts:
        tuples = [
            msgspec.structs.astuple(row) if type(row) is kind else _in_order(row, names)
            for row in rows
        ]
        always = tuple(name for name in always if all(name in row for row in dicts))
    else:
        tuples = list(map(msgspec.structs.astuple, rows))  # type: ignore[arg-type]
    found: dict[str, Sequence[Any]] = {}
    for name, column in zip(names, zip(*tuples, strict=True), strict=True):
        # Of a field that all rows have only the time is not there, once it was taken out of them.
        if name in always and column[0] is not UNSET:
            found[name] = column
        elif any(value is not UNSET for value in column):
            found[name] = [None if value is UNSET else value for value in column]
    for name in _frequent(dicts, {*names, *known}, MAX_COLUMNS):
        if name in names:
            continue
        found[name] = [row.get(name) if isinstance(row, dict) else None for row in rows]
    return found


def _in_order(row: Any, names: Sequence[str]) -> tuple[Any, ...]:
    return tuple(row.get(name, UNSET) for name in names)


def _as_dict(row: msgspec.Struct) -> dict[str, Any]:
    values = zip(row.__struct_encode_fields__, msgspec.structs.astuple(row), strict=True)
    return {name: value for name, value in values if value is not UNSET}


def _dict_columns(
    rows: Sequence[dict[str, Any]], depth: int, known: Collection[str], room: int, within: str = ""
) -> dict[str, Sequence[Any]]:
    names = _frequent(rows, known, room, within)
    room -= len(names)
    found: dict[str, Sequence[Any]] = {}
    for name, column in zip(names, _transposed(rows, names), strict=True):
        if depth and dict in set(map(type, column)):
            inner = [value if type(value) is dict else {} for value in column]
            others = [None if type(value) is dict else value for value in column]
            if any(value is not None for value in others):
                _put_first(found, name, others)
            parts = _dict_columns(inner, depth - 1, known, room + 1, f"{within}{name}.")
            room -= len(parts) - 1
            for part, values in parts.items():
                _put(found, f"{name}.{part}", values)
        else:
            _put_first(found, name, column)
    return found


def _put(found: dict[str, Sequence[Any]], name: str, column: Sequence[Any]) -> None:
    """Add a column; where a row has a value under the same name, its own goes to `NAME.1`.

    >>> found = {"a.b": [1, None]}
    >>> _put(found, "a.b", [2, 3])
    >>> found
    {'a.b': [1, 3], 'a.b.1': [2, None]}
    """
    kept = found.get(name)
    if kept is None:
        found[name] = column
        return
    pairs = list(zip(kept, column, strict=True))
    found[name] = [new if old is None else old for old, new in pairs]
    rest = [None if old is None else new for old, new in pairs]
    if any(value is not None for value in rest):
        _put(found, f"{name}.1", rest)


def _put_first(found: dict[str, Sequence[Any]], name: str, column: Sequence[Any]) -> None:
    """Add a column that a row has under this very name: those of objects make room for it."""
    others = found.pop(name, None)
    found[name] = column
    if others is not None:
        _put(found, name, others)


def _frequent(
    rows: Sequence[dict[str, Any]], known: Collection[str], room: int, within: str = ""
) -> tuple[str, ...]:
    """Return the rows' names as they come first; of too many those that most rows have.

    One that a single row has is none of them. Those stay that, after the name of what they are
    `within`, are `known`.
    """
    names = tuple(dict.fromkeys(chain.from_iterable(rows)))
    if len(names) <= min(_MAX_FIELDS, room):
        return names
    most = min(max((_MAX_FIELDS, *map(len, rows))), room)
    if len(names) <= most:
        return names
    ranked = Counter(chain.from_iterable(rows)).most_common(max(0, most))
    kept = {name for name, count in ranked if count > 1}
    return tuple(name for name in names if name in kept or within + name in known)


def _heads(known: Collection[str]) -> set[str]:
    """Return dotted names, and the names of the objects that they may be in.

    >>> sorted(_heads(["a.b.c"]))
    ['a', 'a.b', 'a.b.c']
    """
    parts = (name.split(".") for name in known if "." in name)
    return {*known, *(".".join(part[:end]) for part in parts for end in range(1, len(part)))}


def _transposed(rows: Sequence[dict[str, Any]], names: tuple[str, ...]) -> list[list[Any]]:
    """Return a list for each name; one pass in C where no row lacks a field."""
    if len(names) > 1:
        try:
            return list(map(list, zip(*map(itemgetter(*names), rows), strict=True)))
        except KeyError:
            pass
    return [[row.get(name) for row in rows] for name in names]
