"""The name of each row's group, or the reason why it has none."""

from __future__ import annotations

import json
import math
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import msgspec

from modeltap.analysis.fairness.side_table import SideTable, read_side_table
from modeltap.analysis.model.baseline import is_unknown, number_of
from modeltap.analysis.statistics.confusion import class_name
from modeltap.config.group_settings import GroupSettings
from modeltap.config.settings import Settings
from modeltap.config.validation import from_environment
from modeltap.decoding.row_batch import Batch
from modeltap.errors import InputError
from modeltap.privacy.marks import MASK, Marks
from modeltap.rows import Row

_LONGEST_NAME = 60
"""Longer values are texts and not groups; a metric's segment is a name."""


class NoGroup(NamedTuple):
    """The reason why a row is in no group, as in "12 rows NOT IN 'groups.csv'"."""

    reason: str


NO_VALUE = NoGroup("without a value")
NO_ROW = NoGroup("no longer stored")

GroupName = str | NoGroup


class GroupSource:
    """The place of one grouping's values.

    Raises `InputError` if its side table cannot be read, or if names are to be hashed and there is
    no key.
    """

    def __init__(self, group: GroupSettings, settings: Settings) -> None:
        self._group = group
        self._codes = set(map(class_name, settings.codes_of(group.column)))
        self._table: SideTable | None = None
        if group.file is not None and group.key is not None:
            self._table = read_side_table(group.file, group.key, group.column)
        self._hashed = _hasher(settings) if group.hashed else None

    @property
    def absent(self) -> NoGroup:
        """The reason of a row that lacks the value."""
        return NoGroup("without the header") if self._group.header else NO_VALUE

    def of_batch(self, batch: Batch, headers: Mapping[str, str | None]) -> list[GroupName]:
        """Return the groups of decoded rows.

        Args:
            headers: the stored request headers (JSON) by exchange.
        """
        if self._group.header is not None:
            own = {name: _header(text, self._group.header) for name, text in headers.items()}
            return self._named([own.get(exchange_id) for exchange_id in batch.ids])
        if self._table is None:
            return self._named(values_of(batch, self._group.column))
        keys = values_of(batch, self._group.key or "")
        # Without such a field in any row, the table is about exchanges.
        return self.of_keys(batch.ids if all(map(is_unknown, keys)) else keys)

    def of_columns(self, columns: Mapping[str, Sequence[Any]], rows: int) -> list[GroupName]:
        """Return the groups of the rows of a file, which has no headers."""
        empty: Sequence[Any] = [None] * rows
        if self._group.header is not None:
            return [self.absent] * rows
        if self._table is None:
            return self._named(columns.get(self._group.column, empty))
        return self.of_keys(columns.get(self._group.key or "", empty))

    def of_keys(self, keys: Sequence[Any]) -> list[GroupName]:
        """Return the groups that the side table has for keys of rows."""
        table = self._table
        if table is None:
            return [NO_VALUE] * len(keys)
        names = [None if is_unknown(key) else class_name(key) for key in keys]
        groups = self._named([table.values.get(name or "") for name in names])
        return [self._unmatched(name) or group for name, group in zip(names, groups, strict=True)]

    def _unmatched(self, name: str | None) -> NoGroup | None:
        """Return why the side table has no group for a key; None if it has one."""
        table = self._table
        if not name or table is None:
            return NoGroup("without a key")
        if name in table.ambiguous:
            return NoGroup(f"with several values in {table.name!r}")
        return None if name in table.values else NoGroup(f"not in {table.name!r}")

    def _named(self, values: Sequence[Any]) -> list[GroupName]:
        """Return the groups of n values; each distinct value is named once."""
        try:
            # True is not 1 here, although they are equal.
            keys = list(zip(map(type, values), values, strict=True))
            names = {key: self._name_of(key[1]) for key in set(keys)}
        except TypeError:  # an object or a list
            return list(map(self._name_of, values))
        return [names[key] for key in keys]

    def _name_of(self, value: Any) -> GroupName:
        if isinstance(value, (dict, list)):
            return NoGroup("with an object or a list as value")
        if is_unknown(value):
            return self.absent
        name = class_name(value)
        if not name or name in self._codes:
            return self.absent
        if name == MASK:
            return NoGroup("with a masked value")
        if self._group.bins:
            number = number_of(value)
            if math.isnan(number):
                return NoGroup("without a number")
            name = bin_name(self._group.bins, number)
        if len(name) > _LONGEST_NAME:
            name = name[: _LONGEST_NAME - 1] + "…"
        return self._hashed(name) if self._hashed else name


def bin_name(bins: Sequence[float], value: float) -> str:
    """Return the name of the bin that contains a number; a limit belongs to the bin above it.

    >>> [bin_name([25, 65], value) for value in (24.9, 25, 80)]
    ['under 25', '25 to 65', '65 and over']
    """
    place = bisect_right(bins, value)
    if place == 0:
        return f"under {bins[0]:g}"
    if place == len(bins):
        return f"{bins[-1]:g} and over"
    return f"{bins[place - 1]:g} to {bins[place]:g}"


def values_of(batch: Batch, name: str) -> Sequence[Any]:
    """Return a column of a batch: a field, a field of an object (`a.b`), or a feature."""
    kinds = set(map(type, batch.rows))
    if kinds == {dict}:
        values = [row.get(name) for row in batch.rows if isinstance(row, dict)]
    else:
        values = [_field(row, name) for row in batch.rows]
    if any(value is not None for value in values):
        return values
    return batch.columns([name]).get(name, values)


def _field(row: Row, name: str) -> Any:
    if isinstance(row, dict):
        return row.get(name)
    field = _field_of(type(row), name)
    value = None if field is None else getattr(row, field)
    return None if value is msgspec.UNSET else value


@lru_cache(maxsize=256)
def _field_of(kind: type[msgspec.Struct], name: str) -> str | None:
    """Return the attribute of a row's type that has a name, which is fixed when it is made."""
    names = kind.__struct_encode_fields__
    return kind.__struct_fields__[names.index(name)] if name in names else None


def _header(text: str | None, name: str) -> Any:
    headers = json.loads(text) if text else {}
    value = headers.get(name.lower())
    return value[0] if isinstance(value, list) and value else value


def _hasher(settings: Settings) -> Callable[[str], str]:
    if not settings.mask_key:
        raise InputError(
            "hashed groups need mask_key in the settings of the analysis: in modeltap.toml, or as "
            "MODELTAP_MASK_KEY"
        )
    return Marks("hash", from_environment(settings.mask_key, "mask_key")).mark
