"""Note the version of exchanges that have none themselves."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec

from modeltap import clock
from modeltap.errors import InputError
from modeltap.store.connection import connect, writing
from modeltap.store.models import environments_of, require_model
from modeltap.store.versions import note_version, served_versions

_MAX_VERSION = 200
"""The longest version, as in exchanges."""


class NotedVersion(msgspec.Struct, frozen=True, kw_only=True):
    """A version that was noted for exchanges without one.

    Args:
        environment: None for exchanges without one.
        since: the event time of the change.
        own_version: the newest version that exchanges have themselves, and keep; None if none has.
    """

    model: str
    environment: str | None
    version: str
    since: str
    own_version: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the noted version as a dictionary for JSON."""
        names = ("model", "environment", "version", "since")
        return {name: getattr(self, name) for name in names}


def note_new_version(
    store: Path,
    model: str,
    version: str,
    *,
    at: str | None = None,
    environment: str | None = None,
    mode: int | None = None,
) -> NotedVersion:
    """Note that a model has a new version since an event time; by default, now.

    The other arguments are those of `modeltap.note_version`.

    Args:
        mode: of the store's files; None keeps the configured one.

    Raises `InputError` if the version or the time is not valid, if the model is unknown, or if it
    is not clear which environment is meant.
    """
    name = _checked(version)
    since = clock.stored_time(at, "at") or clock.now()
    with closing(connect(store, create=False, mode=mode)) as connection:
        require_model(connection, model)
        chosen = _environment(connection, model, environment)
        served = served_versions(connection, model)
        own = [part.version for part in served if part.stored and not part.is_noted]
        with writing(connection):
            note_version(connection, model, chosen, name, since)
    return NotedVersion(
        model=model,
        environment=chosen or None,
        version=name,
        since=since,
        own_version=own[-1] if own else None,
    )


def _checked(version: object) -> str:
    name = version.strip() if isinstance(version, str) else ""
    if not name or len(name) > _MAX_VERSION or not name.isprintable():
        raise InputError(
            f"version {version!r} is invalid: must be printable text of at most "
            f"{_MAX_VERSION} characters"
        )
    return name


def _environment(connection: sqlite3.Connection, model: str, environment: str | None) -> str:
    """Return the environment that is meant, "" for exchanges without one."""
    known = [own or "" for own in environments_of(connection, model)]
    if environment is None:
        if len(known) > 1:
            names = ", ".join(map(repr, known))
            raise InputError(
                f"model {model!r} has several environments ({names}); choose one of them"
            )
        return known[0]
    if environment not in known:
        raise InputError(f"model {model!r} has no environment {environment!r}")
    return environment
