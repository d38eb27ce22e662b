"""Damaged stores: told apart from another program's file, and put aside, never overwritten."""

from __future__ import annotations

import contextlib
import fcntl
import os
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

_OURS = b"exchanges_by_request_id"
_LOOK_BYTES = 1 << 20
"""A store's schema is in its first pages, so this much is searched for the name above."""

_QUICK_BYTES = 64 * 1024 * 1024
"""Up to this size all pages are checked when a store is opened, some 2 ms a megabyte."""


def is_damage(error: BaseException) -> bool:
    """Return whether SQLite's error means that the file's content is damaged."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    return code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def is_ours(file: Path) -> bool:
    """Return whether an unreadable file was a store once: other programs' files are left alone."""
    try:
        with file.open("rb") as content:
            return _OURS in content.read(_LOOK_BYTES)
    except OSError:
        return False


def quick_check(connection: sqlite3.Connection) -> str:
    """Return "ok", or the first thing that is wrong with the store's pages."""
    finding: str = connection.execute("pragma quick_check(1)").fetchone()[0]
    return finding


def check(connection: sqlite3.Connection, file: Path, limit: int | None = _QUICK_BYTES) -> None:
    """Raise `sqlite3.DatabaseError` when pages are damaged; reads and inserts may not notice.

    Args:
        limit: a file of more bytes is not looked at; None looks at any.
    """
    if limit is not None and file.stat().st_size > limit:
        return
    finding = quick_check(connection)
    if finding != "ok":
        error = sqlite3.DatabaseError(" ".join(finding.split()))
        error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
        raise error


def reason(aside: Path) -> str:
    """Return the reason in `dropped` for a store that was put aside."""
    return f"store damaged, moved to {aside.name}"


def inode(file: Path) -> int:
    """Return the inode, which tells a file from another of its name; 0 if there is no file."""
    try:
        return file.stat().st_ino
    except OSError:
        return 0


def move_aside(file: Path, damaged: int) -> Path | None:
    """Rename the store with the inode `damaged` and its companions; None if it is gone already.

    Who has it open goes on with it, and finds out by `inode`. SQLite sees that it was moved and
    leaves its successor's files alone.
    """
    folder = os.open(file.parent, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        if not damaged or inode(file) != damaged:
            return None
        moment = datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%f")
        aside = file.with_name(f"{file.name}.damaged-{moment}Z")
        for end in ("-wal", "-shm"):
            with contextlib.suppress(FileNotFoundError):
                file.with_name(file.name + end).rename(f"{aside}{end}")
        file.rename(aside)
        return aside
    finally:
        os.close(folder)
