"""Flat rows: their columns, the type of each column, and the values in that order."""

from __future__ import annotations

import json
import math
from typing import Any

from modeltap.export.json_text import json_text
from modeltap.export.selection import ABOUT, ANSWER, FIXED, Exported, free_names

_MAX_DEPTH = 8
"""The depth to which the analyzer looks for features; deeper objects are written as JSON."""

_EXACT = 2**53
"""Integers up to this are exact as a float (IEEE 754)."""

_LONG = 2**63
"""Integers in Parquet and Arrow have at most 64 bits."""

BOOL, INT, LONG, FLOAT, TEXT = "bool", "int", "long", "float", "text"
_WIDER = {frozenset((INT, LONG)): LONG, frozenset((INT, FLOAT)): FLOAT}


class ColumnTypes:
    """Learns the columns of rows, and returns the values of each row in their order.

    Nested objects become dotted names. A feature with the name of a fixed column, or of another
    field of the response, becomes `feature.NAME`; the prefix is repeated until the name is unique.
    A column with values of several types is a text column.
    """

    def __init__(self) -> None:
        self._features: dict[str, str | None] = {}
        self._answers: dict[str, str | None] = {}
        self._fixed: dict[str, str | None] = dict.fromkeys(FIXED)

    def learn(self, row: Exported) -> None:
        """Add the columns of `row`, and widen the types of known ones for its values."""
        for known, values in (
            (self._fixed, row.fixed),
            (self._features, flat(row.features)),
            (self._answers, flat(row.answers)),
        ):
            for name, value in values.items():
                known[name] = wider(known.get(name), kind_of(value))

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

    def values(self, row: Exported) -> list[Any]:
        """Return the values of a row in the order of `types`; None for missing ones."""
        features, answers = flat(row.features), flat(row.answers)
        return [
            *(self._value(row.fixed[name], self._fixed[name]) for name in ABOUT),
            *(self._value(features.get(name), kind) for name, kind in self._features.items()),
            *(self._value(row.fixed[name], self._fixed[name]) for name in ANSWER),
            *(self._value(answers.get(name), kind) for name, kind in self._answers.items()),
        ]

    def _value(self, value: Any, kind: str | None) -> Any:
        if value is None or (isinstance(value, float) and not math.isfinite(value)):
            return None
        if kind == FLOAT:
            return float(value)
        if kind == TEXT:
            text = value if isinstance(value, str) else json_text(value)
            # JSON may contain a lone surrogate, which cannot be encoded.
            return text if text.isascii() else text.encode("utf-8", "replace").decode()
        return value


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


def wider(known: str | None, new: str | None) -> str | None:
    """Return the type that holds values of both; text where no number type is exact.

    >>> wider("int", "float"), wider("long", "float"), wider("bool", "int"), wider(None, "int")
    ('float', 'text', 'text', 'int')
    """
    if known == new or new is None:
        return known
    return new if known is None else _WIDER.get(frozenset((known, new)), TEXT)


def cell(value: Any) -> Any:
    """Return a value as a CSV cell; booleans are written as in JSON."""
    return json.dumps(value) if isinstance(value, bool) else value
