"""The mode of the store's files: for their owner alone, unless `store_mode` lets a group in.

Modes are set by path: to close a file that SQLite has open would free SQLite's locks on it.
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
"""The mode where nothing else is asked for."""

MOST = 0o660
"""The bits that some `store_mode` gives; what is beyond them is never left."""

_OTHERS = 0o077
"""The bits of a group, and of all others."""

_COMPANIONS = ("-wal", "-shm", "-journal")
"""What SQLite writes beside a store, with its mode, whatever the umask."""

_COPY = re.compile(r"\.damaged-|[-._~](bak|backup|copy|old|orig|save|[0-9])|~$", re.IGNORECASE)
"""The rest of the names of stores that were put aside, and of the copies that people make."""


class Access(NamedTuple):
    """Who may use the files of a store.

    Args:
        allowed: the bits that may be set; others are removed.
        given: the bits that are set where they are missing, of those for a group.
    """

    allowed: int
    given: int = 0


def create(file: Path, mode: int) -> None:
    """Create an empty file with `mode`, whatever the umask; nothing happens where there is one.

    Raises `OSError`; a link is not followed.
    """
    with suppress(FileExistsError):
        handle = os.open(file, os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_RDWR, PRIVATE)
        try:
            os.fchmod(handle, mode)
        finally:
            os.close(handle)


def protect(store: Path, access: Access) -> dict[str, int]:
    """Take from a store's files what is not allowed; return their names and the modes they had.

    Raises `StoreError` where others keep access to the store: it belongs to somebody else, or
    somebody else put it into a folder that all may write to.
    """
    real = store.resolve()
    _refuse_planted(store, real, access)
    group = _group_of(real, access)
    changed = {file.name: _set(file, access, group) for file in _files(real)}
    return {name: before for name, before in changed.items() if before is not None}


def protect_copies(store: Path, access: Access) -> dict[str, int]:
    """Do the same for its reserve, and copies beside it; somebody else's are theirs to protect."""
    changed = {}
    for file in _others(store):
        with suppress(StoreError):
            if (before := _set(file, access, None)) is not None:
                changed[file.name] = before
    return changed


def message(store: Path, changed: dict[str, int], mode: int) -> str:
    """Return a line about what `protect` changed.

    >>> message(Path("taps.db"), {"taps.db": 0o644}, 0o600)
    "store 'taps.db': other users had access to taps.db (mode 644); changed to mode 600"
    """
    files = ", ".join(f"{name} (mode {before:o})" for name, before in changed.items())
    return f"store {str(store)!r}: other users had access to {files}; changed to mode {mode:o}"


def open_to_others(store: Path, allowed: int) -> list[Path]:
    """Return the store's files, and copies beside it, that have more bits than are allowed."""
    return [
        file
        for file in (*_files(store.resolve()), *_others(store))
        if (found := _lstat(file)) is not None and found.st_mode & _OTHERS & ~allowed
    ]


def _files(real: Path) -> Iterator[Path]:
    yield real
    for end in _COMPANIONS:
        yield real.with_name(real.name + end)


def _others(store: Path) -> list[Path]:
    """Return the reserve, and the copies of a store beside it."""
    real = store.resolve()
    found = [store.with_name(store.name + "-reserve")]
    with suppress(OSError):
        for file in real.parent.iterdir():
            name = file.name
            if name.startswith(real.name) and _COPY.match(name.removeprefix(real.name)):
                found.append(file)
    return [file for file in sorted(found) if file.is_file() and not file.is_symlink()]


def _set(file: Path, access: Access, group: int | None) -> int | None:
    """Set a file's mode, and the group of a companion; return the mode where others had more."""
    found = _lstat(file)
    if found is None:
        return None
    if not stat.S_ISREG(found.st_mode):
        raise StoreError(
            f"store file {str(file)!r} is not a regular file; remove it or choose another store"
        )
    if group is not None and found.st_gid != group:
        # A process makes files for its own group, and the store's may be another.
        with suppress(OSError):
            os.chown(file, -1, group)
    before = stat.S_IMODE(found.st_mode)
    excess = before & _OTHERS & ~access.allowed
    wanted = before & ~excess | access.given & _OTHERS
    if wanted != before:
        _chmod(file, found, wanted, PRIVATE | access.given, is_open=bool(excess))
    return before if excess else None


def _chmod(file: Path, status: os.stat_result, mode: int, asked: int, *, is_open: bool) -> None:
    try:
        file.chmod(mode)
    except FileNotFoundError:
        pass  # SQLite removes what it does not need any more
    except OSError as error:
        if is_open:
            raise StoreError(
                f"store file {str(file)!r} is accessible to other users (mode "
                f"{status.st_mode & 0o7777:o}) and owned by user {status.st_uid}; ask them to run "
                f"chmod {asked:o}, or choose another store"
            ) from error


def _group_of(real: Path, access: Access) -> int | None:
    """Return the store's group, where a group may use it."""
    found = _lstat(real)
    return found.st_gid if found is not None and access.allowed & _OTHERS else None


def _refuse_planted(store: Path, real: Path, access: Access) -> None:
    """Raise `StoreError` for another user's store or link in a folder that all may write to.

    Its owner could read what is written, whatever its mode. Where a group shares a store, it
    mostly is another's.
    """
    for file in dict.fromkeys((store.absolute(), real)):
        found, folder = _lstat(file), _lstat(file.parent.resolve())
        if found is None or folder is None or not folder.st_mode & stat.S_IWOTH:
            continue
        trusted = {os.geteuid(), 0, folder.st_uid}
        shared = access.allowed & _OTHERS and not stat.S_ISLNK(found.st_mode)
        if found.st_uid not in trusted and not shared:
            raise StoreError(
                f"store {str(file)!r} is owned by user {found.st_uid} and is in a world-writable "
                "folder; choose a store in a folder of your own"
            )


def _lstat(file: Path) -> os.stat_result | None:
    try:
        return file.lstat()
    except OSError:
        return None
