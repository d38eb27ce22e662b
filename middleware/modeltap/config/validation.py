"""Shared checks of settings: known names, types of values, environment variables, limits.

Errors quote the invalid value, except for options that may hold a secret, because errors are
written to logs, to terminals and to the store.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar

import msgspec

from modeltap.config.windows import parse_seconds
from modeltap.errors import ConfigError, nearest

_Part = TypeVar("_Part", bound=msgspec.Struct)

_SECRET = {
    "url",
    "secret",
    "proxy",
    "template",
    "webhooks",
    "mask_key",
    "labels_token",
    "otel",
    "endpoint",
    "headers",
    "dashboard_token",
    "metrics_token",
    "dashboard_url",
    "dashboard_trace_url",
}
"""Options whose values may hold a token or a password."""

FUNCTION_NAME = r"[A-Za-z_][\w.]*:[A-Za-z_][\w.]*"
"""A function of the app, as `MODULE:FUNCTION`."""

OWN_NAME = r"[a-z][a-z0-9_]{0,59}"
"""The name of a metric or an evaluator that the user defines."""

_NAME = r"[A-Za-z_][\w.-]{0,40}"
"""A plausible option name. A URL or a key in its place is longer or has other characters."""

_VARIABLE = r"[A-Za-z_][A-Za-z0-9_]*"
_USUAL_VARIABLE = r"[A-Z_]{1,40}\d{0,2}(?:_[A-Z0-9]{1,20}){0,8}"
"""A typical environment variable. Other text after ``env:`` is probably the secret itself."""

_AROUND = "\r\n\ufeff"
"""Line ends and byte-order marks, which files may add around a secret."""


def setting(name: str, value: object, *, option: str = "") -> str:
    """Return an option and its value for an error message; hide a value that may be a secret.

    Args:
        option: the option that decides whether it may be one, if not the last part of the name.

    >>> setting("webhooks.timeout_seconds", "2 s"), setting("webhooks[0].secret", 2)
    ("webhooks.timeout_seconds = '2 s'", 'webhooks[0].secret (not shown)')
    """
    option = option or re.sub(r"\[[^]]*\]", "", name).rpartition(".")[2]
    return f"{name} (not shown)" if option in _SECRET else f"{name} = {value!r}"


def check_model_option(model: object) -> None:
    """Raise `ConfigError` if the option `model` is neither of its forms; None is the default.

    >>> check_model_option("flights"), check_model_option({"/flights/*": "flights"})
    (None, None)
    >>> check_model_option(["flights"])
    Traceback (most recent call last):
    modeltap.errors.ConfigError: option model = ['flights'] is invalid: must be a name, a mapping \
of paths to names, or a function that returns the name for a path
    """
    if isinstance(model, Mapping):
        names = [name for name in model.values() if name is not None]
        is_valid = all(map(is_model_name, names)) and all(map(is_model_name, model))
    else:
        is_valid = model is None or callable(model) or is_model_name(model)
    if not is_valid:
        raise ConfigError(
            f"option {setting('model', model)} is invalid: must be a name, a mapping of paths to "
            "names, or a function that returns the name for a path"
        )
    if isinstance(model, Mapping):
        check_paths(model, "model")


def is_model_name(name: object) -> bool:
    """Return True for a text with a visible character.

    >>> is_model_name("flights"), is_model_name(" "), is_model_name(5)
    (True, False, False)
    """
    return isinstance(name, str) and bool(name.strip())


def entries_of(value: object) -> Sequence[object]:
    """Return the entries of an option that is a list; a single entry needs no brackets.

    >>> entries_of("sex"), entries_of(["sex", "race"])
    (['sex'], ['sex', 'race'])
    """
    if isinstance(value, Sequence) and not isinstance(value, (str, bytes)):
        return value
    return [value]


def tables(value: object) -> list[tuple[str, Mapping[str, object]]]:
    """Return the tables of a table of tables, such as `models`, with their names.

    >>> tables({"m": {"window": "1h"}, "n": 5}), tables(5)
    ([('m', {'window': '1h'})], [])
    """
    if not isinstance(value, Mapping):
        return []
    return [(name, table) for name, table in value.items() if isinstance(table, Mapping)]


def url_or_table(entry: object, struct: type[_Part], name: str, where: str) -> Mapping[str, Any]:
    """Return the settings of a receiver: a table, a URL alone, or settings that were parsed before.

    Args:
        name: the entry in the error about its type.
        where: the option, for the error about an unknown name.

    Raises `ConfigError` for anything else, and for an unknown name.
    """
    table = {"url": entry} if isinstance(entry, str) else entry
    if isinstance(table, struct):
        table = msgspec.structs.asdict(table)
    if not isinstance(table, Mapping):
        kind = type(entry).__name__
        raise ConfigError(f"{name} of type {kind} is invalid: must be a URL or a table")
    refuse_unknown(table, struct.__struct_fields__, where, secret=True)
    return table


def refuse_unknown(
    table: Mapping[str, object], known: Iterable[str], where: str = "", *, secret: bool = False
) -> None:
    """Raise `ConfigError`, with the nearest known name, for an unknown name.

    Args:
        where: the table in the message, such as "webhooks"; empty for the top level.
        secret: the table holds secrets, which a user may write in place of a name. Then only a
            name that is close to a known one is quoted.
    """
    names = set(known)
    for name in map(str, table):
        if name not in names:
            hint = nearest(name, names)
            if not where and isinstance(table[name], Mapping) and "did you mean" not in hint:
                hint = "; the options of a model are in [models.NAME]"
            quoted = re.fullmatch(_NAME, name) and (hint.startswith("; did you mean") or not secret)
            named = f" {name!r}" if quoted else ""
            raise ConfigError(f"unknown option{named}{f' of {where}' if where else ''}{hint}")


def check_paths(patterns: Iterable[str], option: str) -> None:
    """Raise `ConfigError` for a pattern of paths that no request can match.

    >>> check_paths(["/predict", "*.json"], "exclude_paths")
    >>> check_paths(["admin/*"], "exclude_paths")
    Traceback (most recent call last):
    modeltap.errors.ConfigError: exclude_paths has 'admin/*', but paths of requests begin with \
'/'; write '/admin/*'
    """
    for pattern in patterns:
        if not pattern.startswith(("/", "*", "?", "[")):
            path = pattern.split("://", 1)[-1].partition("/")[2] if "://" in pattern else pattern
            raise ConfigError(
                f"{option} has {pattern!r}, but paths of requests begin with '/'; write '/{path}'"
            )


MODES = ("0600", "0640", "0660")
"""Read and write access for the owner; no access, read or write access for the group."""


def parse_mode(text: str) -> int:
    """Parse the option `store_mode`; raise `ConfigError` if it is not one of `MODES`.

    >>> oct(parse_mode("0640")), oct(parse_mode("640"))
    ('0o640', '0o640')
    >>> parse_mode("0644")
    Traceback (most recent call last):
    modeltap.errors.ConfigError: option store_mode = '0644' is invalid: must be "0600" (owner \
only), "0640" (group can read) or "0660" (group can write)
    """
    for mode in MODES:
        if text.strip().removeprefix("0o").removeprefix("0") == mode.removeprefix("0"):
            return int(mode, 8)
    raise ConfigError(
        f'option store_mode = {text!r} is invalid: must be "0600" (owner only), "0640" (group '
        'can read) or "0660" (group can write)'
    )


class Retention(msgspec.Struct, frozen=True):
    """Maximum age of exchanges and maximum size of the store; None means no limit."""

    seconds: float | None = None
    bytes: int | None = None


def parse_retention(text: str) -> Retention:
    """Parse the `retention` option: an age, a size, both, or ``"forever"``.

    >>> parse_retention("30d, 10GB")
    Retention(seconds=2592000.0, bytes=10000000000)
    >>> parse_retention("forever")
    Retention(seconds=None, bytes=None)
    """
    if text.strip().lower() == "forever":
        return Retention()
    seconds = size = None
    for part in text.split(","):
        if match := re.fullmatch(r"\s*(\d+)\s*([MGT])B\s*", part, re.IGNORECASE):
            size = int(match[1]) * {"M": 10**6, "G": 10**9, "T": 10**12}[match[2].upper()]
        elif re.fullmatch(r"\s*[1-9]\d*\s*[mhdw]\s*", part):
            seconds = parse_seconds(part, "retention")
        else:
            size = 0
        if size == 0:
            raise ConfigError(
                f"option retention = {text!r} is invalid: must be an age, a size, or both, "
                "such as '30d, 10GB', or 'forever'"
            )
    return Retention(seconds, size)


def bare(text: str) -> str:
    """Return a text without line ends and byte-order marks around it."""
    return text.strip(_AROUND)


def from_environment(text: str, option: str, environ: Mapping[str, str] | None = None) -> str:
    """Return the value of the variable in ``env:NAME``, or `text` itself, without line ends.

    Raises `ConfigError` if the variable is not set.

    >>> from_environment("env:KEY", "mask_key", {"KEY": "k3y\\n"})
    'k3y'
    """
    text = bare(text)
    if not text.startswith("env:"):
        return text
    variables = os.environ if environ is None else environ
    name = variable_of(text, option, variables)
    value = bare(variables.get(name, ""))
    if not value:
        raise ConfigError(f"{option} is {text!r}, but environment variable {name} is not set")
    return value


def variable_of(text: str, option: str, environ: Mapping[str, str] | None = None) -> str:
    """Return the variable name in ``env:NAME``; raise `ConfigError` if it is not a valid name.

    An unusual name must be set in the environment: the name is stored and shown, and it may be
    the secret itself, written in the wrong place.
    """
    name = text.removeprefix("env:").strip()
    if not re.fullmatch(_VARIABLE, name):
        raise ConfigError(
            f"{option} is invalid: the text after env: is not a variable name; write env:NAME"
        )
    if not is_usual_variable(text) and name not in (os.environ if environ is None else environ):
        raise ConfigError(f"{option} is invalid: the variable after env: is not set")
    return name


def is_usual_variable(text: str) -> bool:
    """Return True if the text after ``env:`` looks like a typical variable name.

    >>> is_usual_variable("env:SLACK_URL_2"), is_usual_variable("env:T0kenThatFollows")
    (True, False)
    """
    return re.fullmatch(_USUAL_VARIABLE, text.removeprefix("env:").strip()) is not None
