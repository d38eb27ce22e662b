"""``[[models.NAME.groups]]``: the groups of rows whose treatment by the model is compared."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from modeltap.config.metrics import PERFORMANCE_SEGMENTS
from modeltap.config.reading.value_types import struct_of
from modeltap.config.validation import entries_of, refuse_unknown
from modeltap.errors import ConfigError

MOST_GROUPINGS = 6
"""Each pair of groupings is compared, too, and all comparisons share one level: six have 15."""

_TABLES = (".csv", ".gz", ".tsv", ".jsonl", ".ndjson", ".parquet", ".xlsx", ".xlsm")

_RESERVED = tuple(beginning.rstrip("=") for beginning in PERFORMANCE_SEGMENTS)
"""`output=NAME` is the segment of one of several outputs, `class=NAME` that of a class."""


class GroupSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A grouping: its name, the place of a row's value, and the least rows of a group.

    The value is in the field `feature` (by default the field called `name`), in the request header
    `header`, or in the column `feature` of the table `file`, in the line whose `key` is that of the
    row. `bins` are the limits between groups of numbers. With `hashed` the names of groups are
    stored as keyed hashes.
    """

    name: str
    feature: str | None = None
    header: str | None = None
    file: str | None = None
    key: str | None = None
    bins: tuple[float, ...] = ()
    min_rows: int = 30
    hashed: bool = False

    @property
    def column(self) -> str:
        """The field of the row, or the column of the file, that has the value."""
        return self.feature or self.name


def parse_groups(entries: object, where: str = "groups") -> tuple[GroupSettings, ...]:
    """Parse a list of names or tables; raise `ConfigError` if one is invalid.

    >>> [group.name for group in parse_groups(["sex", {"name": "age", "bins": [25, 65]}])]
    ['sex', 'age']
    >>> parse_groups([{"name": "age", "bins": [65, 25]}])
    Traceback (most recent call last):
    modeltap.errors.ConfigError: groups: bins = (65.0, 25.0) of 'age' is invalid: must be in order
    """
    groups = tuple(_parsed(entry, where) for entry in entries_of(entries))
    names = [group.name for group in groups]
    for group in groups:
        _check_group(group, where)
        if names.count(group.name) > 1:
            raise ConfigError(f"{where}: two groups are called {group.name!r}; rename one of them")
    if len(groups) > MOST_GROUPINGS:
        raise ConfigError(f"{where}: {len(groups)} groups are listed; at most {MOST_GROUPINGS} are")
    return groups


def _parsed(entry: object, where: str) -> GroupSettings:
    if isinstance(entry, GroupSettings):
        return entry
    if isinstance(entry, str):
        return GroupSettings(name=entry)
    if not isinstance(entry, Mapping):
        raise ConfigError(
            f"{where}: {entry!r} is invalid: must be the name of a field, or a table such as "
            "{name = 'age', bins = [25, 65]}"
        )
    refuse_unknown(entry, GroupSettings.__struct_fields__, where)
    return struct_of(entry, GroupSettings, where)


def _check_group(group: GroupSettings, where: str) -> None:
    def check(valid: bool, option: str, requirement: str) -> None:
        if not valid:
            value: Any = getattr(group, option)
            of = "" if option == "name" else f" of {group.name!r}"
            raise ConfigError(f"{where}: {option} = {value!r}{of} is invalid: {requirement}")

    name = group.name
    check(
        bool(name.strip()) and name.isprintable() and not set("=,") & set(name),
        "name",
        "must be a printable name without = and comma",
    )
    check(
        name not in _RESERVED,
        "name",
        "is a name of parts of the performance; choose another, and set feature",
    )
    check(
        group.header is None or (group.file is None and group.feature is None),
        "header",
        "must be given without feature and file",
    )
    check(
        (group.file is None) == (group.key is None),
        "file" if group.key is None else "key",
        "file and key must be given together: key is the column that names a row",
    )
    check(
        group.file is None or Path(group.file).suffix.lower() in _TABLES,
        "file",
        "must be a .csv, .csv.gz, .jsonl, .parquet or .xlsx file",
    )
    check(sorted(set(group.bins)) == list(group.bins), "bins", "must be in order")
    check(group.min_rows >= 2, "min_rows", "must be at least 2")
