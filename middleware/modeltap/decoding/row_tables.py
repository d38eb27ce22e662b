"""Rows of one type as compact columns: a tenth of the memory of objects, and no second decoding."""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import chain, count
from operator import itemgetter
from types import NoneType
from typing import Any

import msgspec
import numpy as np
from msgspec import UNSET

from modeltap.rows import MAX_DEPTH, MAX_FIELDS, Row

_POINTER = 8
"""Bytes of a reference to an object."""

_OBJECT = 32
"""Bytes of a number in a list."""

_TAGGED = np.dtype([("tag", "u1"), ("float", ">f8")])
"""A float in MessagePack."""

_FLOAT = 0xCB
"""The tag of a float of 64 bits."""

_HEADERS = ((1, 16), (3, 2**16), (5, 2**32))
"""Bytes before the values of a list in MessagePack, and the lengths below which lists have them."""

_NO_MESSAGE = (TypeError, ValueError, OverflowError, RecursionError)
"""Errors of MessagePack about values that it cannot hold: large integers, lone surrogates."""

_TEXTS = {str, NoneType}


class SharedTexts(list[Any]):
    """N texts or None, with one object for each different one.

    Args:
        different: the different ones, in order of appearance.
        places: (N,) the place of each text in `different`.
    """

    def __init__(self, texts: Iterable[Any], different: list[Any], places: np.ndarray) -> None:
        super().__init__(texts)
        self.different, self.places = different, places

    @classmethod
    def of(cls, values: Sequence[Any]) -> SharedTexts | None:
        """Return texts and None as such; None for other values.

        >>> SharedTexts.of(["a", None, "a"]).places.tolist()
        [0, 1, 0]
        >>> SharedTexts.of(["1", 1]), SharedTexts.of(["a", []])
        (None, None)
        """
        try:
            different, places = indexed(values)
        except TypeError:  # lists
            return None
        # Nothing else equals a text or None, so the type of any other value is among these.
        if not set(map(type, different)) <= _TEXTS:
            return None
        return cls(map(different.__getitem__, places.tolist()), different, places)

    def picked(self, positions: np.ndarray) -> SharedTexts:
        """Return the texts at (n,) `positions`."""
        places = self.places[positions]
        return SharedTexts(map(self.different.__getitem__, places.tolist()), self.different, places)


def indexed(values: Sequence[Any]) -> tuple[list[Any], np.ndarray]:
    """Return the distinct values in order of appearance, and each one's position in them, (n,).

    Shared texts may also have values that no row has. Raises `TypeError` for lists.

    >>> indexed(["b", "a", "b"])
    (['b', 'a'], array([0, 1, 0]))
    """
    if isinstance(values, SharedTexts):
        return values.different, values.places
    # Not `places.__len__`: that is a cycle, which stays in memory without the garbage collector.
    places: defaultdict[Any, int] = defaultdict(count().__next__)
    positions = np.fromiter(map(places.__getitem__, values), dtype=np.int64, count=len(values))
    return list(places), positions


class RowTable(Sequence[Row]):
    """N flat rows with the same names. Columns are float64 or int64 if all values are, else lists.

    UNSET in a list marks a missing field, as in a struct.
    """

    def __init__(
        self,
        columns: Mapping[str, np.ndarray | list[Any]],
        rows: int,
        partial: Collection[str] = (),
    ) -> None:
        self._columns, self._rows, self._partial = columns, rows, partial

    @classmethod
    def of(cls, rows: Sequence[Row]) -> RowTable | None:
        """Return the table of structs of one type, or of dictionaries with the same names.

        Dictionaries may also be among structs that have all their names. None for other rows.
        """
        kinds = set(map(type, rows)) - {dict}
        if not kinds:
            columns = _of_dictionaries(rows, MAX_DEPTH)  # type: ignore[arg-type]
        else:
            columns = _of_structs(rows, kinds.pop()) if len(kinds) == 1 else None
        if columns is None or len(columns) > MAX_FIELDS:
            return None
        packed = {name: _packed(column) for name, column in columns.items()}
        partial = {name for name, (_, is_partial) in packed.items() if is_partial}
        return cls({name: column for name, (column, _) in packed.items()}, len(rows), partial)

    def __len__(self) -> int:
        """Return the number of rows."""
        return self._rows

    def __getitem__(self, position: Any) -> Any:
        """Return the row at `position` as a dictionary."""
        values = ((name, column[position]) for name, column in self.plain()._columns.items())
        return {name: value for name, value in values if value is not UNSET}

    @property
    def is_complete(self) -> bool:
        """True if no row lacks a field, so that the order of the names is that of each row."""
        return not self._partial

    @property
    def size(self) -> int:
        """The approximate size in bytes."""
        return sum(map(_size, self._columns.values()))

    def columns(self) -> dict[str, Any]:
        """Return the columns as `rows.columns` does, but numbers as arrays."""
        result: dict[str, Any] = {}
        for name, column in self._columns.items():
            if name not in self._partial:
                result[name] = column
            elif any(value is not UNSET for value in column):
                result[name] = [None if value is UNSET else value for value in column]
        return result

    def picked(self, positions: Sequence[int]) -> RowTable:
        """Return the rows at `positions`."""
        at = np.array(positions, dtype=np.int64)
        columns = {name: _at(column, at, positions) for name, column in self._columns.items()}
        return RowTable(columns, len(positions), self._partial)

    def plain(self) -> RowTable:
        """Return the rows with all columns as lists of Python values."""
        columns = {
            name: column.tolist() if isinstance(column, np.ndarray) else column
            for name, column in self._columns.items()
        }
        return RowTable(columns, self._rows, self._partial)

    @staticmethod
    def joined(tables: Sequence[RowTable]) -> RowTable | None:
        """Return the rows of plain tables with the same names, in order; None for other tables."""
        names = tables[0]._columns.keys()
        if any(table._columns.keys() != names for table in tables):
            return None
        columns = {
            name: list(chain.from_iterable(table._columns[name] for table in tables))
            for name in names
        }
        partial = {name for table in tables for name in table._partial}
        return RowTable(columns, sum(map(len, tables)), partial)


def _of_structs(rows: Sequence[Row], kind: type[Any]) -> dict[str, Sequence[Any]] | None:
    """Return the columns of structs of one type, and of flat dictionaries that fit it."""
    names = kind.__struct_encode_fields__
    others = [row for row in rows if isinstance(row, dict)]
    if not all(row.keys() <= set(names) and dict not in map(type, row.values()) for row in others):
        return None
    ordered = [tuple(row.get(name, UNSET) for name in names) for row in others]
    # Mostly, only the first exchange of a chunk is decoded to a dictionary.
    if all(isinstance(row, dict) for row in rows[: len(others)]):
        tuples = ordered + list(map(msgspec.structs.astuple, rows[len(others) :]))  # type: ignore[arg-type]
    else:
        remaining = iter(ordered)
        tuples = [
            next(remaining) if isinstance(row, dict) else msgspec.structs.astuple(row)
            for row in rows
        ]
    return dict(zip(names, zip(*tuples, strict=True), strict=True))


def _of_dictionaries(rows: Sequence[dict[str, Any]], depth: int) -> dict[str, Sequence[Any]] | None:
    """Return the columns of rows with the same names, also in nested objects; else None.

    >>> _of_dictionaries([{"a": 1, "b": {"c": 2}}, {"b": {"c": 3}, "a": 4}], 8)
    {'a': (1, 4), 'b.c': (2, 3)}
    """
    names = rows[0].keys()
    if not names or any(row.keys() != names for row in rows):
        return None
    result: dict[str, Sequence[Any]] = {}
    for name in names:
        column: tuple[Any, ...] = tuple(map(itemgetter(name), rows))
        kinds = set(map(type, column))
        if dict not in kinds or not depth:
            parts: dict[str, Sequence[Any]] = {name: column}
        elif kinds != {dict} or (inner := _of_dictionaries(column, depth - 1)) is None:
            return None
        else:
            parts = {f"{name}.{part}": values for part, values in inner.items()}
        if not parts.keys().isdisjoint(result):
            return None
        result |= parts
    return result


def picked(values: Sequence[Any], positions: Sequence[int]) -> list[Any]:
    """Return the values at `positions`.

    >>> picked("abc", [2, 0]), picked("abc", [1]), picked("abc", [])
    (['c', 'a'], ['b'], [])
    """
    if len(positions) < 2:
        return [values[position] for position in positions]
    return list(itemgetter(*positions)(values))


def packed_floats(values: Sequence[Any]) -> np.ndarray | None:
    """Return N values as (N,) float64 if all of them are floats, else None.

    MessagePack writes a float as a tag and eight bytes. If the first value has the tag, the second
    begins nine bytes later, and so on. To check and convert values so takes a sixth of the time of
    `set(map(type, values))` and `np.fromiter`.

    >>> packed_floats([1.5, 2.0]), packed_floats([1.5, 2]), packed_floats([1.5, None])
    (array([1.5, 2. ]), None, None)
    """
    if not values or type(values[0]) is not float:
        return None
    try:
        message = msgspec.msgpack.encode(values)
    except _NO_MESSAGE:
        return None
    header = next(size for size, end in _HEADERS if len(values) < end)
    if len(message) != header + _TAGGED.itemsize * len(values):
        return None
    tagged = np.frombuffer(message, _TAGGED, offset=header)
    return tagged["float"].astype(np.float64) if (tagged["tag"] == _FLOAT).all() else None


def _packed(values: Sequence[Any]) -> tuple[np.ndarray | list[Any], bool]:
    """Return a column as `RowTable` has it, and whether it lacks values.

    >>> _packed((1.5, 2.0)), _packed((1, 2)), _packed((2**80, 1))[0][1], _packed((1, UNSET))[1]
    ((array([1.5, 2. ]), False), (array([1, 2]), False), 1, True)
    """
    column = packed_floats(values)
    if column is not None:
        return column, False
    texts = SharedTexts.of(values) if type(values[0]) is str else None
    if texts is not None:
        return texts, False
    kinds = set(map(type, values))
    if kinds == {int}:
        try:
            return np.fromiter(values, np.int64, len(values)), False
        except OverflowError:
            pass
    texts = SharedTexts.of(values) if kinds <= _TEXTS else None
    return texts or list(values), msgspec.UnsetType in kinds


def _at(
    column: np.ndarray | list[Any], at: np.ndarray, positions: Sequence[int]
) -> np.ndarray | list[Any]:
    """Return a column's values at (n,) `positions`, which are `at` as an array, too."""
    if isinstance(column, np.ndarray):
        return np.asarray(column[at])
    # Each window would otherwise count all texts of a chunk, also those that it has not.
    if isinstance(column, SharedTexts) and len(column.different) <= len(at):
        return column.picked(at)
    return picked(column, positions)


def _size(column: np.ndarray | list[Any]) -> int:
    """Return the approximate size of a column in bytes; equal texts are one object."""
    if isinstance(column, np.ndarray):
        return column.nbytes
    if isinstance(column, SharedTexts):
        return 2 * _POINTER * len(column) + sum(map(_bytes, column.different))
    try:
        different: Collection[Any] = set(column)
    except TypeError:  # lists
        different = column
    return _POINTER * len(column) + sum(map(_bytes, different))


def _bytes(value: object) -> int:
    items = _OBJECT * len(value) if isinstance(value, list) else 0
    return sys.getsizeof(value) + items
