"""Conversion of options to their types, with the invalid value and what it must be in the error."""

from __future__ import annotations

import types
from collections.abc import Iterator, Mapping
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

import msgspec

from modeltap.config.validation import setting
from modeltap.errors import ConfigError

_Part = TypeVar("_Part", bound=msgspec.Struct)

_NAMES = {
    str: ["text"],
    bool: ["true", "false"],
    int: ["a whole number"],
    float: ["a number"],
    tuple: ["a list"],
    list: ["a list"],
}
"""The types of options, in an error."""


class _Option(msgspec.Struct):
    """A value with its place and its type.

    `field` is the name of the option that it belongs to: entries of a table of free names, such as
    headers, are as secret as the table.
    """

    name: str
    field: str
    value: Any
    kind: Any
    default: Any = None


def struct_of(table: Mapping[Any, Any], kind: type[_Part], where: str = "") -> _Part:
    """Convert a table to a struct; raise `ConfigError` with the value and what it must be.

    Args:
        where: the option that the table is, for the error; empty for all options.
    """
    try:
        return msgspec.convert(dict(table), kind, strict=False)
    except msgspec.ValidationError as error:
        invalid = _innermost(_Option(where, where, dict(table), kind))
        is_whole = isinstance(invalid.value, (Mapping, list, tuple))  # it may contain secrets
        named = (
            (invalid.name or "settings")
            if is_whole
            else setting(invalid.name, invalid.value, option=invalid.field)
        )
        reason = _requirement(invalid) or str(error).partition(" - at `$")[0]
        raise ConfigError(f"option {named} is invalid: {reason}") from None


def _innermost(option: _Option) -> _Option:
    """Return the innermost part of an invalid option that is invalid itself."""
    for part in _parts(option):
        if _reason(part) is not None:
            return _innermost(part)
    return option


def _parts(option: _Option) -> Iterator[_Option]:
    name, field, value = option.name, option.field, option.value
    prefix = f"{name}." if name else ""
    for kind in _alternatives(option.kind):
        entry_kinds = get_args(kind)
        if isinstance(value, Mapping) and _is_struct(kind):
            types_of = get_type_hints(kind)
            for own in msgspec.structs.fields(kind):
                if own.name in value:
                    yield _Option(
                        f"{prefix}{own.name}",
                        own.name,
                        value[own.name],
                        types_of[own.name],
                        None if own.default is msgspec.NODEFAULT else own.default,
                    )
        elif isinstance(value, Mapping) and get_origin(kind) in (dict, Mapping):
            for key, entry in value.items():
                shown = key if str(key).isprintable() else "[...]"
                yield _Option(f"{prefix}{shown}", field, entry, entry_kinds[1])
        elif isinstance(value, (list, tuple)) and get_origin(kind) in (tuple, list):
            for position, entry in enumerate(value):
                yield _Option(f"{name}[{position}]", field, entry, entry_kinds[0])


def _reason(option: _Option) -> str | None:
    """Return why a value does not convert to its type, None if it does."""
    try:
        msgspec.convert(option.value, option.kind, strict=False)
    except msgspec.ValidationError as error:
        return str(error)
    return None


def _requirement(option: _Option) -> str:
    """Return what a value must be; empty if only the error of the conversion says it."""
    reason = _reason(option) or ""
    if not reason.startswith(("Expected `", "Invalid enum value")):
        return ""
    kinds = [kind for kind in _alternatives(option.kind) if kind is not type(None)]
    names = [name for kind in kinds for name in _names(kind)]
    is_example = type(option.default) in (str, int, float) and option.default != ""
    has_choices = any(get_origin(kind) is Literal for kind in kinds)
    example = f", such as {option.default!r}" if is_example and not has_choices else ""
    *others, last = dict.fromkeys(names)
    return f"must be {', '.join(others)}{' or ' if others else ''}{last}{example}"


def _names(kind: Any) -> list[str]:
    if get_origin(kind) is Literal:
        return [repr(choice) for choice in get_args(kind)]
    return _NAMES.get(get_origin(kind) or kind, ["a table"])


def _alternatives(kind: Any) -> tuple[Any, ...]:
    is_union = get_origin(kind) in (Union, types.UnionType)
    return get_args(kind) if is_union else (kind,)


def _is_struct(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, msgspec.Struct)
