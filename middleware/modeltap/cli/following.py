"""New exchanges of a store as they arrive, also after the store was replaced."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from pathlib import Path

from modeltap.errors import ModeltapError
from modeltap.store.connection import connect_reader
from modeltap.store.exchanges import full_exchanges_after

_AT_ONCE = 1000
"""Exchanges that are read at a time, so that a burst does not fill the memory."""


class Following:
    """Reads the exchanges after `seq`; a store that took the place of the first one from its start.

    Retention deletes the oldest exchanges, and their numbers are never used again. A damaged store
    is moved aside by the app, and a deleted one is created again.

    Args:
        notify: called with a sentence about the store, once for each change.
    """

    def __init__(
        self,
        path: Path,
        connection: sqlite3.Connection,
        model: str | None,
        seq: int,
        notify: Callable[[str], None],
    ) -> None:
        self._path = path
        self._connection = connection
        self._file = _identity(path)
        self._model = model
        self._seq = seq
        self._notify = notify
        self._last_note = ""

    def read(self) -> list[sqlite3.Row]:
        """Return the next exchanges; an empty list if there are none yet."""
        # Before reading: what was written to a replaced store until then is read from it.
        file = _identity(self._path)
        try:
            rows = full_exchanges_after(self._connection, self._model, self._seq, _AT_ONCE)
        except sqlite3.OperationalError as error:
            if not _is_busy(error):
                self._note(f"cannot read the store ({error}); waiting for it")
            rows = []
        except sqlite3.DatabaseError as error:
            self._note(f"cannot read the store ({error}); waiting until the app replaces it")
            rows = []
        if rows:
            self._seq = rows[-1]["seq"]
        elif file is None:
            self._note("the store was removed; waiting for a new one")
        elif file != self._file:
            self._reopen(file)
        return rows

    def _reopen(self, file: tuple[int, int]) -> None:
        try:
            connection = connect_reader(self._path)
        except (ModeltapError, sqlite3.Error):
            return  # the app is still creating it
        self._connection.close()
        self._connection, self._file, self._seq = connection, file, 0
        self._note("the store was replaced; following the new one")
        self._last_note = ""

    def _note(self, text: str) -> None:
        if text != self._last_note:
            self._notify(text)
        self._last_note = text


def _identity(path: Path) -> tuple[int, int] | None:
    """Return the file's device and number; None if there is no file."""
    try:
        status = os.stat(path)  # noqa: PTH116
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _is_busy(error: sqlite3.OperationalError) -> bool:
    return getattr(error, "sqlite_errorcode", None) in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
