"""Every error modeltap raises on purpose, in one tree.

    ModeltapError
    ├── ConfigError          an option, a file or an environment variable is wrong
    ├── StoreError           the SQLite file cannot be used
    │   ├── StoreDamaged     its content is damaged
    │   └── StoreTooNew      it was written by a newer modeltap
    ├── InputError           a file or an argument given to a command is wrong
    ├── BusyError            another process holds the lease this work needs
    └── NotWatchableError    `watch` does not know what it was given

Each message is one line: the value, why it is wrong, and the mend.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable

_NAMED = 10
"""Of what is known so many are named."""


class ModeltapError(Exception):
    """The base of all errors that modeltap raises on purpose."""


class ConfigError(ModeltapError):
    """An option, a configuration file or an environment variable is wrong."""


class StoreError(ModeltapError):
    """The SQLite file cannot be used."""


class StoreDamaged(StoreError):
    """The SQLite file's content is damaged."""


class StoreTooNew(StoreError):
    """The SQLite file was written by a newer modeltap than this one."""


class InputError(ModeltapError):
    """A file or an argument given to a command is wrong."""


class BusyError(ModeltapError):
    """Another process holds the lease that this work needs."""


class NotWatchableError(ModeltapError):
    """`watch` was given something it cannot attach to."""


def nearest(name: str, known: Iterable[str], prefix: str = "") -> str:
    """Return ``"; did you mean 'x'?"`` for the likeliest of `known`, or the list of them.

    A `prefix` that all names share is left out of the comparison.

    >>> nearest("distence", ["distance", "carrier"])
    "; did you mean 'distance'?"
    >>> nearest("zzz", ["distance", "carrier"])
    '; known are: carrier, distance'
    >>> nearest("zzz", map(str, range(100, 200)))
    '; known are: 100, 101, 102, 103, 104, 105, 106, 107, 108, 109 and 90 more'
    >>> nearest("APP_SIZ", ["APP_SIZE", "APP_NAME"], prefix="APP_")
    "; did you mean 'APP_SIZE'?"
    >>> nearest("zzz", [])
    ''
    """
    names = sorted(set(known))
    compared = [one.removeprefix(prefix) for one in names]
    close = difflib.get_close_matches(name.removeprefix(prefix), compared, n=1, cutoff=0.6)
    if close:
        return f"; did you mean {names[compared.index(close[0])]!r}?"
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return f"; known are: {', '.join(names[:_NAMED])}{more}" if names else ""
