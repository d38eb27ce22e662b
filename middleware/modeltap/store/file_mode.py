"""Permissions of the store's files: owner only, unless `store_mode` grants a group access.

Modes are set by path, because closing a file that SQLite has open would release SQLite's locks.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from modeltap.errors import StoreError

PRIVATE = 0o600
"""The default mode."""

MAX_MODE = 0o660
"""The most permissive mode that `store_mode` accepts; all other bits are always removed."""

_OTHERS = 0o077
"""The permission bits of the group and of all other users."""

_COMPANIONS = ("-wal", "-shm", "-journal")
"""Suffixes of the files that SQLite writes next to a store, with the store's mode."""

_COPY = re.compile(r"\.damaged-|[-._~](bak|backup|copy|old|orig|save|[0-9])|~$", re.IGNORECASE)
"""Suffixes of damaged stores that were moved aside, and of copies made by users."""


class Access(NamedTuple):
    """Permissions for the files of a store.

    Args:
        allowed: the bits that may be set; all others are removed.
        given: the group bits that are added if they are missing.
    """

    allowed: int
    given: int = 0


def create(file: Path, mode: int) -> None:
    """Create an empty file with `mode`, regardless of the umask; keep an existing file.

    Does not follow links. Raises `OSError`.
    """
    with suppress(FileExistsError):
        handle = os.open(file, os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_RDWR, PRIVATE)
        try:
            os.fchmod(handle, mode)
        finally:
            os.close(handle)


def protect(store: Path, access: Access) -> dict[str, int]:
    """Remove disallowed permissions from a store's files; return the changed files' old modes.

    Raises `StoreError` if other users would keep access: they own the store, or placed it in a
    world-writable folder.
    """
    real = store.resolve()
    _refuse_planted(store, real, access)
    group = _group_of(real, access)
    changed = {file.name: _set(file, access, group) for file in _files(real)}
    return {name: before for name, before in changed.items() if before is not None}


def protect_copies(store: Path, access: Access) -> dict[str, int]:
    """Protect the reserve and copies next to the store; skip files of other users."""
    changed = {}
    for file in _others(store):
        with suppress(StoreError):
            if (before := _set(file, access, None)) is not None:
                changed[file.name] = before
    return changed


def message(store: Path, changed: dict[str, int], mode: int) -> str:
    """Return a log message about the modes that `protect` changed.

    >>> message(Path("taps.db"), {"taps.db": 0o644}, 0o600)
    "store 'taps.db': other users had access to taps.db (mode 644); changed to mode 600"
    """
    files = ", ".join(f"{name} (mode {before:o})" for name, before in changed.items())
    return f"store {str(store)!r}: other users had access to {files}; changed to mode {mode:o}"


def open_to_others(store: Path, allowed: int) -> list[Path]:
    """Return the store's files and copies that have more permissions than `allowed`."""
    return [
        file
        for file in (*_files(store.resolve()), *_others(store))
        if (status := _lstat(file)) is not None and status.st_mode & _OTHERS & ~allowed
    ]


def _files(real: Path) -> Iterator[Path]:
    yield real
    for end in _COMPANIONS:
        yield real.with_name(real.name + end)


def _others(store: Path) -> list[Path]:
    """Return the reserve and the copies next to a store."""
    real = store.resolve()
    files = [store.with_name(store.name + "-reserve")]
    with suppress(OSError):
        for file in real.parent.iterdir():
            name = file.name
            if name.startswith(real.name) and _COPY.match(name.removeprefix(real.name)):
                files.append(file)
    return [file for file in sorted(files) if file.is_file() and not file.is_symlink()]


def _set(file: Path, access: Access, group: int | None) -> int | None:
    """Set a file's mode and group; return the old mode if it gave others too much access."""
    status = _lstat(file)
    if status is None:
        return None
    if not stat.S_ISREG(status.st_mode):
        raise StoreError(
            f"store file {str(file)!r} is not a regular file; remove it or choose another store"
        )
    if group is not None and status.st_gid != group:
        # New files get the group of the process, which may differ from that of the store.
        with suppress(OSError):
            os.chown(file, -1, group)
    before = stat.S_IMODE(status.st_mode)
    excess = before & _OTHERS & ~access.allowed
    mode = before & ~excess | access.given & _OTHERS
    if mode != before:
        _chmod(file, status, mode, PRIVATE | access.given, is_open=bool(excess))
    return before if excess else None


def _chmod(file: Path, status: os.stat_result, mode: int, asked: int, *, is_open: bool) -> None:
    try:
        file.chmod(mode)
    except FileNotFoundError:
        pass  # SQLite has removed a file that it no longer needs
    except OSError as error:
        if is_open:
            raise StoreError(
                f"store file {str(file)!r} is accessible to other users (mode "
                f"{status.st_mode & 0o7777:o}) and owned by user {status.st_uid}; ask them to run "
                f"chmod {asked:o}, or choose another store"
            ) from error


def _group_of(real: Path, access: Access) -> int | None:
    """Return the store's group, if the group has access."""
    status = _lstat(real)
    return status.st_gid if status is not None and access.allowed & _OTHERS else None


def _refuse_planted(store: Path, real: Path, access: Access) -> None:
    """Raise `StoreError` for another user's store or link in a world-writable folder.

    Its owner could read it regardless of its mode. A store that a group shares may belong to
    another user.
    """
    for file in dict.fromkeys((store.absolute(), real)):
        status, folder = _lstat(file), _lstat(file.parent.resolve())
        if status is None or folder is None or not folder.st_mode & stat.S_IWOTH:
            continue
        trusted = {os.geteuid(), 0, folder.st_uid}
        shared = access.allowed & _OTHERS and not stat.S_ISLNK(status.st_mode)
        if status.st_uid not in trusted and not shared:
            raise StoreError(
                f"store {str(file)!r} is owned by user {status.st_uid} and is in a world-writable "
                "folder; choose a store in a folder of your own"
            )


def _lstat(file: Path) -> os.stat_result | None:
    try:
        return file.lstat()
    except OSError:
        return None
