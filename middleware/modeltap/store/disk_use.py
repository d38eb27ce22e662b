"""The room that a store takes on its disk."""

from __future__ import annotations

import sqlite3
from contextlib import suppress
from pathlib import Path

from modeltap.store.connection import file_of


def disk_use(connection: sqlite3.Connection) -> int:
    """Return the bytes of a store's file and of its write-ahead log, which has the newest rows.

    Raises `OSError` if the store was removed.

    >>> import tempfile
    >>> from modeltap.store.connection import connect
    >>> connection = connect(Path(tempfile.mkdtemp()) / "modeltap.db")
    >>> disk_use(connection) > file_of(connection).stat().st_size  # the tables are in the log
    True
    >>> connection.close()
    """
    store = file_of(connection)
    size = store.stat().st_size
    with suppress(FileNotFoundError):
        size += Path(f"{store}-wal").stat().st_size
    return size
