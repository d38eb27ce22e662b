"""Checks of a store's path that open nothing, and so need no SQLite in the app's process."""

from __future__ import annotations

import os
from pathlib import Path

from modeltap.errors import StoreError


def expanded_path(path: str | Path) -> Path:
    """Return `path` with ``~`` as a home folder; it may be missing.

    Raises `StoreError` if it begins with ``~`` and a name that no user has.

    >>> expanded_path("modeltap.db"), expanded_path("~/modeltap.db").is_absolute()
    (PosixPath('modeltap.db'), True)
    """
    try:
        return Path(path).expanduser()
    except RuntimeError as error:
        raise StoreError(
            f"{str(path)!r}: there is no home folder of that user; write the whole path"
        ) from error


def absolute_path(path: str | Path) -> Path:
    """Return `path` as an absolute path, expanded as by `expanded_path`.

    >>> absolute_path("/data/modeltap.db"), absolute_path("modeltap.db").is_absolute()
    (PosixPath('/data/modeltap.db'), True)
    """
    return expanded_path(path).absolute()


def check_path(path: str | Path) -> Path:
    """Return `path` as the absolute path of a store, without opening anything.

    Raises `StoreError` if its folder is missing, or if the path is a folder.
    """
    file = absolute_path(path)
    if file.is_dir():
        raise StoreError(f"store {str(path)!r} is a folder; name a file in it, such as modeltap.db")
    if not file.parent.is_dir():
        raise StoreError(
            f"store {str(path)!r}: the folder {str(file.parent)!r} does not exist; "
            "create it or choose another path"
        )
    return file


def check_writable(path: Path) -> Path:
    """Return `path`, which must be absolute, if the store can be written.

    Raises `StoreError` if this user lacks permission or the disk is read-only.
    """
    file = path if path.exists() else path.parent
    if not os.access(file, os.W_OK):
        raise StoreError(
            f"store {str(path)!r}: {str(file)!r} is not writable by this user; change its "
            "permissions or choose another path"
        )
    return path
