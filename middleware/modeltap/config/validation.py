"""Checks that all settings share: no unknown names, values of the right type, variables set."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

import msgspec

from modeltap.errors import ConfigError, nearest

Part = TypeVar("Part", bound=msgspec.Struct)


def refuse_unknown(said: Mapping[str, object], known: Iterable[str], what: str) -> None:
    """Raise `ConfigError`, with the nearest right name, for a name that is not `known`."""
    names = set(known)
    for name in said:
        if name not in names:
            raise ConfigError(f"unknown {what} {name!r}{nearest(name, names)}")


def struct_of(table: Mapping[Any, Any], kind: type[Part], where: str) -> Part:
    """Return a table as a struct of `kind`; raises `ConfigError` naming the value and why."""
    try:
        return msgspec.convert(dict(table), kind, strict=False)
    except msgspec.ValidationError as error:
        reason, _, name = str(error).partition(" - at `$.")
        name = name.rstrip("`").split("[")[0]
        raise ConfigError(
            f"option {where}.{name} = {table.get(name)!r} is wrong: {reason}"
        ) from None


MODES = ("0600", "0640", "0660")
"""The owner reads and writes, others do nothing; a group nothing, reads, or writes, too."""


def parse_mode(text: str) -> int:
    """Read a file mode that `store_mode` may have; raises `ConfigError` for another.

    >>> oct(parse_mode("0640")), oct(parse_mode("640"))
    ('0o640', '0o640')
    >>> parse_mode("0644")
    Traceback (most recent call last):
    modeltap.errors.ConfigError: option store_mode = '0644' is wrong: write "0600" (the owner \
alone), "0640" (a group reads) or "0660" (a group writes, too)
    """
    for mode in MODES:
        if text.strip().removeprefix("0o").removeprefix("0") == mode.removeprefix("0"):
            return int(mode, 8)
    raise ConfigError(
        f'option store_mode = {text!r} is wrong: write "0600" (the owner alone), "0640" (a group '
        'reads) or "0660" (a group writes, too)'
    )


def from_environment(text: str, what: str, environ: Mapping[str, str] | None = None) -> str:
    """Return what ``env:NAME`` stands for, or `text` itself; `ConfigError` where it is not set."""
    if not text.startswith("env:"):
        return text
    name = text.removeprefix("env:")
    value = (os.environ if environ is None else environ).get(name)
    if not value:
        raise ConfigError(f"{what} is {text!r}, but the variable {name} is not set")
    return value
