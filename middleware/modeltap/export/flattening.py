"""Flat rows: their columns, the type of each column, and the values in that order."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import chain
from operator import itemgetter
from typing import Any

from modeltap.export.json_text import json_text
from modeltap.export.selection import ABOUT, ANSWER, FIXED, ExportedRows, free_names
from modeltap.rows import as_dict

_BOOLEANS = {True: "true", False: "false"}

_MAX_DEPTH = 8
"""The depth to which the analyzer looks for features; deeper objects are written as JSON."""

_EXACT = 2**53
"""Integers up to this are exact as a float (IEEE 754)."""

_LONG = 2**63
"""Integers in Parquet and Arrow have at most 64 bits."""

BOOL, INT, LONG, FLOAT, TEXT = "bool", "int", "long", "float", "text"
_WIDER = {frozenset((INT, LONG)): LONG, frozenset((INT, FLOAT)): FLOAT}


@dataclass(slots=True)
class FlatRows:
    """N rows as columns of N values, None for missing ones. Nested objects are dotted names."""

    fixed: dict[str, list[Any]]
    features: dict[str, list[Any]]
    answers: dict[str, list[Any]]
    exchanges: int
    """The number of exchanges that were read for these rows."""

    def __len__(self) -> int:
        return len(self.fixed["id"])


def flattened(rows: ExportedRows) -> FlatRows:
    """Return rows as columns, which are in order of appearance."""
    features = _columns(list(map(as_dict, rows.features)))
    answers = _columns(rows.answers) if any(rows.answers) else {}
    return FlatRows(rows.fixed, features, answers, rows.exchanges)


def _columns(rows: Sequence[dict[str, Any]]) -> dict[str, list[Any]]:
    columns = _transposed(rows)
    if any(dict in set(map(type, column)) for column in columns.values()):
        return _transposed(list(map(flat, rows)))
    return columns


def _transposed(rows: Sequence[dict[str, Any]]) -> dict[str, list[Any]]:
    names = tuple(dict.fromkeys(chain.from_iterable(rows)))
    if len(names) > 1 and set(map(len, rows)) == {len(names)}:
        values = zip(*map(itemgetter(*names), rows), strict=True)  # no row lacks a field
        return dict(zip(names, map(list, values), strict=True))
    return {name: [row.get(name) for row in rows] for name in names}


class ColumnTypes:
    """Learns the columns of rows, and returns their values in the order and types of the columns.

    A feature with the name of a fixed column, or of another field of the response, becomes
    `feature.NAME`; the prefix is repeated until the name is unique. A column with values of
    several types is a text column.
    """

    def __init__(self) -> None:
        self._features: dict[str, str | None] = {}
        self._answers: dict[str, str | None] = {}
        self._fixed: dict[str, str | None] = dict.fromkeys(FIXED)

    def learn(self, rows: FlatRows) -> None:
        """Add the columns of `rows`, and widen the types of known ones for their values."""
        for known, columns in (
            (self._fixed, rows.fixed),
            (self._features, rows.features),
            (self._answers, rows.answers),
        ):
            for name, column in columns.items():
                known[name] = wider(known.get(name), kind_of_all(column))

    def types(self) -> dict[str, str]:
        """Return the type of each column in order; columns without any value are text."""
        taken = set(FIXED)
        # If a feature and a field of the response have one name, the feature is renamed.
        answers = _renamed(self._answers, "answer.", taken)
        features = _renamed(self._features, "feature.", taken)
        about = {name: self._fixed[name] for name in ABOUT}
        answer = {name: self._fixed[name] for name in ANSWER}
        return {
            name: kind or TEXT for name, kind in {**about, **features, **answer, **answers}.items()
        }

    def values(self, rows: FlatRows) -> list[list[Any]]:
        """Return the columns of `rows` in the order of `types`, each value in its type."""
        absent = [None] * len(rows)
        return [
            *(in_type(rows.fixed[name], self._fixed[name]) for name in ABOUT),
            *(
                in_type(rows.features.get(name, absent), kind)
                for name, kind in self._features.items()
            ),
            *(in_type(rows.fixed[name], self._fixed[name]) for name in ANSWER),
            *(
                in_type(rows.answers.get(name, absent), kind)
                for name, kind in self._answers.items()
            ),
        ]


def _renamed(kinds: dict[str, str | None], prefix: str, taken: set[str]) -> dict[str, str | None]:
    names = free_names(kinds, prefix, taken)
    return {names[name]: kind for name, kind in kinds.items()}


def flat(values: dict[str, Any], depth: int = _MAX_DEPTH) -> dict[str, Any]:
    """Return nested objects as dotted names; the value of a name in use goes to `NAME.1`.

    >>> flat({"a": 1, "b": {"c": 2}}), flat({"b": {"c": 2}, "b.c": 3})
    ({'a': 1, 'b.c': 2}, {'b.c.1': 2, 'b.c': 3})
    """
    if not depth or not any(type(value) is dict for value in values.values()):
        return values
    taken = {name: value for name, value in values.items() if type(value) is not dict}
    ordered: dict[str, Any] = {}
    for name, value in values.items():
        if type(value) is not dict:
            ordered[name] = value
            continue
        for part, inner in flat(value, depth - 1).items():
            free = _free(f"{name}.{part}", taken)
            ordered[free] = taken[free] = inner
    return ordered


def _free(name: str, taken: dict[str, Any]) -> str:
    """Return a name that is not in use; a name whose value is None may be reused."""
    return _free(f"{name}.1", taken) if taken.get(name) is not None else name


def kind_of(value: Any) -> str | None:
    """Return the type of column that a value needs; None for a missing value.

    >>> kind_of(True), kind_of(3), kind_of(2**60), kind_of(0.5), kind_of([1]), kind_of(None)
    ('bool', 'int', 'long', 'float', 'text', None)
    """
    if value is None:
        return None
    if isinstance(value, bool):
        return BOOL
    if isinstance(value, int):
        return INT if abs(value) <= _EXACT else LONG if -_LONG <= value < _LONG else TEXT
    if isinstance(value, float):
        return FLOAT if math.isfinite(value) else None
    return TEXT


def kind_of_all(values: Sequence[Any]) -> str | None:
    """Return the type of column that all values fit in; None if all are missing.

    >>> kind_of_all([1, None, 0.5]), kind_of_all(["a", 1]), kind_of_all([math.nan, None])
    ('float', 'text', None)
    """
    types = set(map(type, values))
    kinds: set[str | None] = set()
    for type_ in types - {type(None)}:
        own = values if len(types) == 1 else [value for value in values if type(value) is type_]
        if type_ is str:
            kinds.add(TEXT)
        elif type_ is int:
            kinds |= {kind_of(min(own)), kind_of(max(own))}
        elif type_ is float:
            kinds.add(FLOAT if any(map(math.isfinite, own)) else None)
        else:
            kinds.update(map(kind_of, own))
    return reduce(wider, kinds, None)


def wider(known: str | None, new: str | None) -> str | None:
    """Return the type that holds values of both; text where no number type is exact.

    >>> wider("int", "float"), wider("long", "float"), wider("bool", "int"), wider(None, "int")
    ('float', 'text', 'text', 'int')
    """
    if known == new or new is None:
        return known
    return new if known is None else _WIDER.get(frozenset((known, new)), TEXT)


_OWN_TYPES = {BOOL: bool, INT: int, LONG: int, FLOAT: float, TEXT: str}


def in_type(values: list[Any], kind: str | None) -> list[Any]:
    """Return the values of a column in its type; None for missing and infinite ones.

    >>> in_type([1, None, 0.5], FLOAT), in_type([1, None, "a"], TEXT)
    ([1.0, None, 0.5], ['1', None, 'a'])
    """
    types = set(map(type, values)) - {type(None)}
    # Columns that are complete in their type already, as most are, need no loop in Python.
    if types == {_OWN_TYPES.get(kind or TEXT)}:
        if kind == FLOAT:
            is_usable = all(map(math.isfinite, filter(None, values)))
        else:
            is_usable = kind != TEXT or "".join(filter(None, values)).isascii()
        if is_usable:
            return values
    return [_in_type(value, kind) for value in values] if types else values


def _in_type(value: Any, kind: str | None) -> Any:
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return None
    if kind == FLOAT:
        return float(value)
    if kind == TEXT:
        return _encodable(value if isinstance(value, str) else json_text(value))
    return value


def _encodable(text: str) -> str:
    """Return a text with lone surrogates, which JSON may contain, replaced."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def cells(column: list[Any], kind: str) -> list[Any]:
    """Return values of this type as CSV cells; booleans are written as in JSON."""
    return [_BOOLEANS.get(value) for value in column] if kind == BOOL else column
