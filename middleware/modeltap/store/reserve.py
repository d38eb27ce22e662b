"""A reserve of disk space, given up when the disk is full so that alerts are still stored.

A full disk wedges SQLite: not even a reader can open a store, and DELETE fails, too.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import suppress
from pathlib import Path

_SIZE = 4 * 1024 * 1024
_PLENTY = 2 * _SIZE
"""The reserve is taken only where as much again stays free."""

_FULL = 256 * 1024
"""With less room than this, SQLite's other I/O errors count as a full disk."""

_ERRORS = ("SQLITE_FULL", "SQLITE_IOERR", "SQLITE_CANTOPEN", "SQLITE_PROTOCOL")


def keep(store: Path) -> None:
    """Take the reserve, a file beside the store, where there is plenty of room."""
    file = _beside(store)
    if file.exists() or _free(store) < _PLENTY:
        return
    with suppress(OSError):  # the next pass tries again
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
    """Return whether SQLite failed because the disk is full."""
    name = getattr(error, "sqlite_errorname", "") or ""
    return name.startswith(_ERRORS) and (name == "SQLITE_FULL" or _free(store) < _FULL)


def give_up(store: Path) -> bool:
    """Give the reserve up; return whether there was one."""
    try:
        _beside(store).unlink()
    except OSError:
        return False
    return True


def full_message(store: Path, given_up: bool) -> str:
    """Return one line for people: the problem and its fix."""
    more = "; a reserve of 4 MB was released so that alerts can be stored" if given_up else ""
    return f"the disk that holds store {str(store)!r} is full: free some space{more}"


def _beside(store: Path) -> Path:
    return store.with_name(store.name + "-reserve")


def _free(store: Path) -> int:
    try:
        return shutil.disk_usage(store.parent).free
    except OSError:
        return 0
