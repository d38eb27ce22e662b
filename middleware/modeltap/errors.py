"""The exceptions that modeltap raises.

    ModeltapError
    ├── ConfigError          invalid option, configuration file or environment variable
    ├── StoreError           the SQLite file cannot be used
    │   ├── StoreDamaged     its content is damaged
    │   └── StoreTooNew      it was written by a newer version of modeltap
    ├── InputError           invalid file or argument of a command
    ├── BusyError            another process holds the lease for this work
    └── NotWatchableError    `watch` does not support the object it was given

Each message is one line: the value, the reason it is invalid, and the fix.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from operator import index
from typing import SupportsIndex, cast

_NAMED = 10
"""Maximum number of known names to list."""

_LARGEST = 1_000_000_000
"""The largest count of an argument; SQLite's integers end at 9.2e18."""


class ModeltapError(Exception):
    """Base class of the exceptions that modeltap raises."""


class ConfigError(ModeltapError):
    """An option, a configuration file or an environment variable is invalid."""


class StoreError(ModeltapError):
    """The SQLite file cannot be used."""


class StoreDamaged(StoreError):
    """The SQLite file's content is damaged."""


class StoreTooNew(StoreError):
    """The SQLite file was written by a newer version of modeltap."""


class InputError(ModeltapError):
    """A file or an argument given to a command is invalid."""


class BusyError(ModeltapError):
    """Another process holds the lease for this work."""


class NotWatchableError(ModeltapError):
    """`watch` does not support the object it was given."""


@contextmanager
def needs_extra(extra: str, subject: str) -> Iterator[None]:
    """Raise `InputError` with the command to run if an import in the block finds no package.

    Args:
        extra: the extra of modeltap that has the package.
        subject: what needs it, for the message.

    >>> with needs_extra("bees", "the hive"):
    ...     import beekeeping
    Traceback (most recent call last):
    modeltap.errors.InputError: the hive needs beekeeping; install it with: pip install \
"modeltap[bees]"
    """
    try:
        yield
    except ImportError as error:
        is_broken = not isinstance(error, ModuleNotFoundError)
        reason = f", which cannot be imported ({error})" if is_broken else ""
        raise InputError(
            f"{subject} needs {error.name}{reason}; install it with: "
            f'pip install "modeltap[{extra}]"'
        ) from error


def check_count(count: object, name: str) -> None:
    """Raise `InputError` unless an argument is a whole number from 1 to 1,000,000,000.

    >>> check_count(200, "rows")
    >>> check_count(0, "rows")
    Traceback (most recent call last):
    modeltap.errors.InputError: rows 0 is not valid; give a number of at least 1
    """
    is_whole = isinstance(count, SupportsIndex) and not isinstance(count, bool)
    number = index(cast(SupportsIndex, count)) if is_whole else 0
    if number < 1:
        raise InputError(f"{name} {count!r} is not valid; give a number of at least 1")
    if number > _LARGEST:
        raise InputError(f"{name} {count!r} is not valid; give a number of at most {_LARGEST:,}")


def nearest(name: object, known: Iterable[str], prefix: str = "") -> str:
    """Return a hint such as ``"; did you mean 'x'?"``, or the list of `known` names.

    A `prefix` that all names share is ignored in the comparison.

    >>> nearest("distence", ["distance", "carrier"])
    "; did you mean 'distance'?"
    >>> nearest("zzz", ["distance", "carrier"])
    '; available: carrier, distance'
    >>> nearest("zzz", map(str, range(100, 200)))
    '; available: 100, 101, 102, 103, 104, 105, 106, 107, 108, 109 and 90 more'
    >>> nearest("APP_SIZ", ["APP_SIZE", "APP_NAME"], prefix="APP_")
    "; did you mean 'APP_SIZE'?"
    >>> nearest("zzz", [])
    ''
    """
    names = sorted(set(known))
    compared = [known_name.removeprefix(prefix) for known_name in names]
    import difflib  # only after a mistake

    close = difflib.get_close_matches(str(name).removeprefix(prefix), compared, n=1, cutoff=0.6)
    if close:
        return f"; did you mean {names[compared.index(close[0])]!r}?"
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return f"; available: {', '.join(names[:_NAMED])}{more}" if names else ""
