"""Opening the store: private file mode, WAL, short waits, and clear errors."""

from __future__ import annotations

import fcntl
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from modeltap.errors import StoreDamaged, StoreError, StoreTooNew
from modeltap.store import damage, reserve, schema

BUSY_TIMEOUT_SECONDS = 5.0
"""A statement waits so long for another writer before it fails with BUSY."""


def check_path(path: str | Path) -> Path:
    """Return `path` as the absolute path of a store, without opening anything.

    Raises `StoreError` when its folder is missing, or when it is a folder itself.
    """
    file = Path(path).expanduser().absolute()
    if file.is_dir():
        raise StoreError(f"store {str(path)!r} is a folder; name a file in it, such as modeltap.db")
    if not file.parent.is_dir():
        raise StoreError(
            f"store {str(path)!r}: the folder {str(file.parent)!r} does not exist; "
            "create it or name another"
        )
    return file


def check_writable(path: Path) -> Path:
    """Return `path`, an absolute one, of a store that may be written.

    Raises `StoreError` when this user, or a read-only disk, does not let it.
    """
    file = path if path.exists() else path.parent
    if not os.access(file, os.W_OK):
        raise StoreError(f"store {str(path)!r}: {str(file)!r} is not writable by this user")
    return path


def connect(
    path: str | Path, *, create: bool = True, in_child: bool = False, check: bool = False
) -> sqlite3.Connection:
    """Open the store for reading and writing; create or migrate it where `create` allows.

    With `in_child` another process migrates: sqlite-utils takes 0.2 s to import, and a second
    where pandas is installed, which no app that serves should pay.

    With `check` the pages of a store that is not large are looked at, too.

    The connection is in autocommit mode: writers say ``begin immediate`` themselves (`writing`).
    Raises `StoreError` (missing, unreadable, no SQLite file), `StoreDamaged` or `StoreTooNew`.
    """
    file = Path(path).expanduser().absolute()
    if not file.exists():
        if not create:
            raise StoreError(
                f"there is no store at {str(path)!r}; name one with --store, or watch an app first"
            )
        _create_private(check_writable(check_path(file)))
    try:
        return _usable(file, in_child, check)
    except sqlite3.DatabaseError as error:
        if not reserve.is_full(file, error):
            raise _store_error(error, path, file) from error
        if not reserve.give_up(file):
            raise StoreError(reserve.full_message(Path(path), given_up=False)) from error
    return connect(path, create=create, in_child=in_child, check=check)


def _usable(file: Path, in_child: bool, check: bool) -> sqlite3.Connection:
    connection = _open(file)
    try:
        _prepare(connection, file, in_child)
        if check:
            damage.check(connection, file)
    except BaseException:
        connection.close()
        raise
    return connection


def connect_reader(path: str | Path) -> sqlite3.Connection:
    """Open an existing store for reading only; rows come as `sqlite3.Row`."""
    connection = connect(path, create=False)
    connection.execute("pragma query_only = on")
    return connection


_LOG_BYTES = 64 * 1024 * 1024
"""The size to which SQLite's write-ahead log shrinks again: a bound on disk space."""


def synchronize(connection: sqlite3.Connection, *, with_disk: bool) -> None:
    """Have each commit wait for the disk, or (the default of the store) for the system alone."""
    connection.execute(f"pragma synchronous = {'full' if with_disk else 'normal'}")


@contextmanager
def writing(connection: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """Open a write transaction: begun at once (never upgraded later), rolled back on any error."""
    connection.execute("begin immediate")
    try:
        yield connection
    except BaseException:
        if connection.in_transaction:
            connection.execute("rollback")
        raise
    connection.execute("commit")


def _store_error(error: sqlite3.DatabaseError, path: str | Path, file: Path) -> StoreError:
    if damage.is_damage(error) and damage.is_ours(file):
        return StoreDamaged(
            f"store {str(path)!r} is damaged ({error}); the app that writes it puts it aside "
            "and begins a new one"
        )
    return StoreError(f"store {str(path)!r} cannot be opened: {error}")


def _create_private(file: Path) -> None:
    # SQLite gives its -wal and -shm files the mode of the database: made 0600 here, all three are.
    try:
        os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_RDWR, 0o600))
    except FileExistsError:
        # Another process was faster, with the same mode; or what it is a link to would be made.
        if file.is_symlink() and not file.exists():
            raise StoreError(
                f"store {str(file)!r} is a link to a file that is not there; name the file itself"
            ) from None
    except OSError as error:
        raise StoreError(f"store {str(file)!r} cannot be created: {error.strerror}") from error


def _open(file: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(
        file,
        timeout=BUSY_TIMEOUT_SECONDS,
        isolation_level=None,
        check_same_thread=False,
        cached_statements=256,
    )
    connection.row_factory = sqlite3.Row
    return connection


def _prepare(connection: sqlite3.Connection, file: Path, in_child: bool) -> None:
    version = connection.execute("pragma user_version").fetchone()[0]
    if version > schema.VERSION:
        raise StoreTooNew(
            f"store {str(file)!r} has schema {version}, this modeltap knows {schema.VERSION}; "
            "upgrade modeltap or name another store"
        )
    if version < schema.VERSION:
        _refuse_foreign(connection, file)
        if not (in_child and _migrated_by_child(file)):
            _migrate(connection, file)
    connection.execute("pragma journal_mode = wal")
    connection.execute("pragma synchronous = normal")
    # A reader that stays long lets the log grow; afterwards it shrinks to this again.
    connection.execute(f"pragma journal_size_limit = {_LOG_BYTES}")


def _refuse_foreign(connection: sqlite3.Connection, file: Path) -> None:
    foreign = connection.execute(
        "select name from sqlite_master where name not like 'sqlite_%' limit 1"
    ).fetchone()
    known = connection.execute(
        "select 1 from sqlite_master where name = '_sqlite_migrations'"
    ).fetchone()
    if foreign and not known:
        raise StoreError(
            f"store {str(file)!r} is another program's database (it has a table {foreign[0]!r}); "
            "name another file"
        )


def _migrated_by_child(file: Path) -> bool:
    """Let another process migrate; False where none can be started (an embedded Python)."""
    command = [sys.executable, "-P", "-m", "modeltap.store.create", str(file)]
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def _migrate(connection: sqlite3.Connection, file: Path) -> None:
    """Create or upgrade the schema; two processes that start together take turns."""
    from sqlite_utils import Database

    # The lock is on the folder: it leaves no file behind, and closing it frees no lock of SQLite's.
    folder = os.open(file.parent, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        # These must come before the first table: none can be changed cheaply later. Pages of 8 KB
        # hold six exchanges with 1 KB bodies, the usual 4 KB only two: a quarter faster to write.
        connection.execute("pragma page_size = 8192")
        connection.execute("pragma auto_vacuum = incremental")
        # SQLite waits for nobody when it changes this: 'locked', at once, for the second of two.
        connection.execute("pragma journal_mode = wal")
        schema.migrate(Database(connection))
    finally:
        os.close(folder)
