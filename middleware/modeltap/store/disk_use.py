"""The room that a store takes on its disk."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path


def disk_use(store: Path) -> int:
    """Return the bytes of a store's file and of its write-ahead log, which has the newest rows.

    Raises `OSError` if the store cannot be read; a store that no process has open has no log.

    >>> import tempfile
    >>> store = Path(tempfile.mkdtemp()) / "modeltap.db"
    >>> _ = store.write_bytes(bytes(10)), Path(f"{store}-wal").write_bytes(bytes(5))
    >>> disk_use(store)
    15
    """
    size = store.stat().st_size
    with suppress(FileNotFoundError):
        size += Path(f"{store}-wal").stat().st_size
    return size
