"""Damaged stores: detected, distinguished from foreign files, and moved aside."""

from __future__ import annotations

import contextlib
import fcntl
import os
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

from modeltap.store import schema

_OURS = b"exchanges_by_request_id"
_SEARCHED_BYTES = 1 << 20
"""The first bytes of a file to search for the name above: the schema is in the first pages."""

_APPLICATION_ID = slice(68, 72)
"""The place of SQLite's `application_id` in a file: its header is damaged least often."""

_QUICK_BYTES = 64 * 1024 * 1024
"""Files up to this size are checked completely on opening, which takes about 2 ms per megabyte."""


def is_damage(error: BaseException) -> bool:
    """Return True if an SQLite error means that the file's content is damaged."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    return code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def is_ours(file: Path) -> bool:
    """Return True if an unreadable file used to be a store and not another program's file."""
    try:
        with file.open("rb") as content:
            searched = content.read(_SEARCHED_BYTES)
    except OSError:
        return False
    ours = schema.APPLICATION_ID.to_bytes(4, "big")
    return searched[_APPLICATION_ID] == ours or _OURS in searched


def quick_check(connection: sqlite3.Connection) -> str:
    """Return "ok", or the first problem of the store's pages."""
    finding: str = connection.execute("pragma quick_check(1)").fetchone()[0]
    return finding


def check(connection: sqlite3.Connection, file: Path, limit: int | None = _QUICK_BYTES) -> None:
    """Raise `sqlite3.DatabaseError` if pages are damaged, which reads and inserts may not notice.

    Args:
        limit: skip files of more bytes; None checks files of any size.
    """
    if limit is not None and file.stat().st_size > limit:
        return
    finding = quick_check(connection)
    if finding != "ok":
        error = sqlite3.DatabaseError(" ".join(finding.split()))
        error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
        raise error


def reason(aside: Path) -> str:
    """Return the reason that the table `dropped` gives for a damaged store."""
    return f"store damaged, moved to {aside.name}"


def inode(file: Path) -> int:
    """Return the inode, which identifies a file regardless of its name; 0 if there is no file."""
    try:
        return file.stat().st_ino
    except OSError:
        return 0


def move_aside(file: Path, damaged: int) -> Path | None:
    """Rename the store with the inode `damaged` and its companion files; None if it is gone.

    Processes that have the store open continue to use it until they compare `inode`. SQLite
    detects that the file was moved and does not touch the files of the new store.
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
