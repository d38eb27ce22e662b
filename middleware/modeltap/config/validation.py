"""Checks that all settings share: no unknown names, values of the right type, variables set.

An error names the value that is wrong, unless it is that of an option that may hold a secret:
errors end in logs, in terminals and in the store.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

import msgspec

from modeltap.errors import ConfigError, nearest

_Part = TypeVar("_Part", bound=msgspec.Struct)

_SECRET = {"url", "secret", "proxy", "template", "webhooks", "mask_key", "dashboard_url"}
"""Options whose values may hold a token or a password."""

_NAME = re.compile(r"[A-Za-z_][\w.-]{0,40}")
"""A name that may be an option's; a URL or a key that stands in its place is longer, or other."""

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_USUAL_VARIABLE = re.compile(r"[A-Z_]{1,40}\d{0,2}(?:_[A-Z0-9]{1,20}){0,8}")
"""Variables are named so; another text after ``env:`` is likely to be the secret itself."""

_AROUND = "\r\n\ufeff"
"""Line ends and byte-order marks: files have them around a secret, and no secret does."""


def setting(name: str, value: object) -> str:
    """Write an option for an error: with its value, unless that may be a secret.

    >>> setting("webhooks.timeout_seconds", "2 s"), setting("webhooks[0].secret", 2)
    ("webhooks.timeout_seconds = '2 s'", 'webhooks[0].secret (not shown)')
    """
    option = re.sub(r"\[[^]]*\]", "", name).rpartition(".")[2]
    return f"{name} (not shown)" if option in _SECRET else f"{name} = {value!r}"


def refuse_unknown(
    said: Mapping[str, object], known: Iterable[str], what: str, *, secret: bool = False
) -> None:
    """Raise `ConfigError`, with the nearest right name, for a name that is not `known`.

    Args:
        secret: the values are secrets, so that one may stand in a name's place: only a name
            that is nearly right is quoted.
    """
    names = set(known)
    for name in map(str, said):
        if name not in names:
            near = nearest(name, names)
            quoted = _NAME.fullmatch(name) and (near.startswith("; did you mean") or not secret)
            raise ConfigError(f"unknown {what}{f' {name!r}' if quoted else ''}{near}")


def struct_of(table: Mapping[Any, Any], kind: type[_Part], where: str) -> _Part:
    """Return a table as a struct of `kind`; raises `ConfigError` naming the value and why."""
    try:
        return msgspec.convert(dict(table), kind, strict=False)
    except msgspec.ValidationError as error:
        reason, _, name = str(error).partition(" - at `$.")
        name = name.rstrip("`").split("[")[0]
        raise ConfigError(
            f"option {setting(f'{where}.{name}', table.get(name))} is wrong: {reason}"
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


def bare(text: str) -> str:
    """Return a text as it was meant: without the line end that a file or a variable has."""
    return text.strip(_AROUND)


def from_environment(text: str, what: str, environ: Mapping[str, str] | None = None) -> str:
    """Return what ``env:NAME`` stands for, or `text` itself, without line ends around it.

    Raises `ConfigError` where the variable is not set.

    >>> from_environment("env:KEY", "mask_key", {"KEY": "k3y\\n"})
    'k3y'
    """
    text = bare(text)
    if not text.startswith("env:"):
        return text
    variables = os.environ if environ is None else environ
    name = variable_of(text, what, variables)
    value = bare(variables.get(name, ""))
    if not value:
        raise ConfigError(f"{what} is {text!r}, but the variable {name} is not set")
    return value


def variable_of(text: str, what: str, environ: Mapping[str, str] | None = None) -> str:
    """Return the variable that ``env:NAME`` names; raises `ConfigError` where it can be none.

    A name of a kind that variables seldom have must be one that is set: it is stored and shown,
    and may be the secret itself, written in the wrong place.
    """
    name = text.removeprefix("env:").strip()
    if not _VARIABLE.fullmatch(name):
        raise ConfigError(
            f"{what} is wrong: what follows env: is no variable's name; write one such as env:NAME"
        )
    if not is_usual_variable(text) and name not in (os.environ if environ is None else environ):
        raise ConfigError(f"{what} is wrong: what follows env: is no variable that is set")
    return name


def is_usual_variable(text: str) -> bool:
    """Return whether what follows ``env:`` is named as variables are.

    >>> is_usual_variable("env:SLACK_URL_2"), is_usual_variable("env:T0kenThatFollows")
    (True, False)
    """
    return _USUAL_VARIABLE.fullmatch(text.removeprefix("env:").strip()) is not None
