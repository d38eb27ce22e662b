"""A reserve of disk space, released when the disk is full so that alerts can still be stored.

On a full disk SQLite cannot even open a store for reading, and DELETE fails, too.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import suppress
from pathlib import Path

_SIZE = 4 * 1024 * 1024
_PLENTY = 2 * _SIZE
"""The reserve is allocated only if as much space again stays free."""

_FULL = 256 * 1024
"""With less free space than this, other I/O errors of SQLite are treated as a full disk."""

_ERRORS = ("SQLITE_FULL", "SQLITE_IOERR", "SQLITE_CANTOPEN", "SQLITE_PROTOCOL")


def keep(store: Path) -> None:
    """Allocate the reserve, a file next to the store, if there is enough free space."""
    file = _beside(store)
    if file.exists() or _free(store) < _PLENTY:
        return
    with suppress(OSError):  # the next pass retries
        handle = os.open(file, os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_WRONLY, 0o600)
        try:
            if hasattr(os, "posix_fallocate"):
                os.posix_fallocate(handle, 0, _SIZE)
            else:
                os.write(handle, bytes(_SIZE))
        except OSError:
            file.unlink()
            raise
        finally:
            os.close(handle)


def is_full(store: Path, error: sqlite3.Error) -> bool:
    """Return True if SQLite failed because the disk is full."""
    name = getattr(error, "sqlite_errorname", "") or ""
    return name.startswith(_ERRORS) and (name == "SQLITE_FULL" or _free(store) < _FULL)


def give_up(store: Path) -> bool:
    """Release the reserve; return True if there was one."""
    try:
        _beside(store).unlink()
    except OSError:
        return False
    return True


def full_message(store: Path, given_up: bool) -> str:
    """Return a one-line message with the problem and its fix."""
    more = "; a reserve of 4 MB was released so that alerts can be stored" if given_up else ""
    return f"the disk that holds store {str(store)!r} is full: free some space{more}"


def _beside(store: Path) -> Path:
    return store.with_name(store.name + "-reserve")


def _free(store: Path) -> int:
    try:
        return shutil.disk_usage(store.parent).free
    except OSError:
        return 0
