"""Opening the store: private file mode, WAL, short waits, and clear errors."""

from __future__ import annotations

import fcntl
import os
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from modeltap import interpreter
from modeltap.errors import ConfigError, StoreDamaged, StoreError, StoreTooNew
from modeltap.logs import logger
from modeltap.store import damage, file_mode, reserve, schema
from modeltap.store.file_mode import Access
from modeltap.store.path_checks import absolute_path, check_path, check_writable
from modeltap.store.settings import save_mode, stored_mode

BUSY_TIMEOUT_SECONDS = 5.0
"""Seconds that a statement waits for another writer before it fails with BUSY."""


def log_line(text: str) -> None:
    """Log a warning for the operator of this process."""
    logger.warning("modeltap: %s", text)


@dataclass(frozen=True)
class _Opening:
    """Options for opening a store; see `connect`."""

    create: bool
    in_child: bool = False
    check: bool = False
    mode: int | None = None
    log: Callable[[str], None] = log_line
    reading: bool = False


def connect(
    path: str | Path,
    *,
    create: bool = True,
    in_child: bool = False,
    check: bool = False,
    mode: int | None = None,
    log: Callable[[str], None] = log_line,
) -> sqlite3.Connection:
    """Open the store for reading and writing; create or migrate it if `create` is True.

    The connection is in autocommit mode: writers begin transactions explicitly (`writing`).

    Args:
        in_child: upgrade an older store in another process. Importing sqlite-utils takes 0.2 s, or
            a second if pandas is installed, which a serving app should not pay.
        check: also check the pages of the store for damage, unless the file is large.
        mode: the mode of the store's files; by default the one configured by the writing app.
        log: called with a message if access of other users to the files was revoked.

    Raises `StoreError` (missing, unreadable, accessible to others, not an SQLite file),
    `StoreDamaged` or `StoreTooNew`.
    """
    return _connected(path, _Opening(create, in_child, check, mode, log))


def connect_reader(path: str | Path) -> sqlite3.Connection:
    """Open an existing store for reading only; rows are `sqlite3.Row` objects.

    The store may belong to another user, who decides on its permissions.
    """
    connection = _connected(path, _Opening(create=False, reading=True))
    connection.execute("pragma query_only = on")
    return connection


def _connected(path: str | Path, opening: _Opening) -> sqlite3.Connection:
    file = absolute_path(path)
    if not _exists(file):
        if not opening.create:
            raise StoreError(
                f"there is no store at {str(path)!r}; name its file (--store FILE, in Python "
                "store='FILE'), or record an app first"
            )
        _create_private(check_writable(check_path(file)), opening.mode or file_mode.PRIVATE)
    try:
        return _protected(file, opening)
    except sqlite3.DatabaseError as error:
        if not reserve.is_full(file, error):
            raise _store_error(error, path, file) from error
        if not reserve.give_up(file):
            raise StoreError(reserve.full_message(Path(path), given_up=False)) from error
    return _connected(path, opening)


def _exists(file: Path) -> bool:
    try:
        return file.exists()
    except OSError as error:
        raise StoreError(f"store {str(file)!r} cannot be opened: {error.strerror}") from error


def _protected(file: Path, opening: _Opening) -> sqlite3.Connection:
    """Open the store and protect its files, before and after SQLite creates its companion files."""
    mode = opening.mode
    access = Access(file_mode.MAX_MODE) if mode is None else Access(mode, mode)
    changed = _protect(file, access, opening)
    connection = _usable(file, opening)
    try:
        stored = stored_mode(connection)
        if mode is None:
            access = Access(stored)
        elif mode != stored:
            with writing(connection):
                save_mode(connection, mode)
        copies = file_mode.protect_copies(file, access)
        changed = {**copies, **_protect(file, access, opening), **changed}
    except BaseException:
        connection.close()
        raise
    if changed:
        opening.log(file_mode.message(file, changed, access.allowed))
    return connection


def _protect(file: Path, access: Access, opening: _Opening) -> dict[str, int]:
    try:
        return file_mode.protect(file, access)
    except StoreError:
        if opening.reading:
            return {}
        raise


def _usable(file: Path, opening: _Opening) -> sqlite3.Connection:
    connection = _open(file)
    try:
        _prepare(connection, file, opening)
        if opening.check:
            damage.check(connection, file)
    except BaseException:
        connection.close()
        raise
    return connection


_LOG_BYTES = 64 * 1024 * 1024
"""The size to which SQLite truncates its write-ahead log, to bound disk space."""


def file_of(connection: sqlite3.Connection) -> Path:
    """Return the file of a store."""
    return Path(connection.execute("pragma database_list").fetchone()[2])


def synchronize(connection: sqlite3.Connection, *, with_disk: bool) -> None:
    """Set whether each commit waits for the disk, or only for the operating system (default)."""
    connection.execute(f"pragma synchronous = {'full' if with_disk else 'normal'}")


_CACHE_KIB = 16 * 1024
"""The pages that a pass keeps in memory. It writes predictions under keys in any order, and with
SQLite's 2 MB reads and writes most pages of the table again for each chunk."""


def enlarge_cache(connection: sqlite3.Connection) -> None:
    """Allow a connection that writes in bulk to keep more pages in memory."""
    connection.execute(f"pragma cache_size = -{_CACHE_KIB}")


@contextmanager
def writing(connection: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """Run a write transaction, which takes the write lock at once and rolls back on any error."""
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
            f"store {str(path)!r} is damaged ({error}); the app that writes to it moves it aside "
            "and starts a new one"
        )
    if not os.access(file.resolve().parent, os.W_OK):
        # SQLite reads the existing log if an app has the store open, and must create one if not.
        return StoreError(
            f"store {str(path)!r} cannot be opened ({error}): this user cannot write to the "
            "store's folder; such a store is readable only while an app has it open, and only if "
            "`store_mode` allows it"
        )
    if getattr(error, "sqlite_errorname", "") == "SQLITE_NOTADB":
        return StoreError(
            f"store {str(path)!r} cannot be opened: it is not a SQLite file; choose another --store"
        )
    return StoreError(f"store {str(path)!r} cannot be opened: {error}")


def _create_private(file: Path, mode: int) -> None:
    # SQLite gives its -wal and -shm files the mode of the database file.
    try:
        file_mode.create(file, mode)
    except OSError as error:
        raise StoreError(f"store {str(file)!r} cannot be created: {error.strerror}") from error
    # The file may exist because another process created it, with the same mode. A dangling link
    # is refused, because opening it would create its target.
    if file.is_symlink() and not file.exists():
        raise StoreError(
            f"store {str(file)!r} is a symbolic link to a missing file; name the file itself"
        )


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


def _prepare(connection: sqlite3.Connection, file: Path, opening: _Opening) -> None:
    version = _version(connection)
    if version > schema.VERSION:
        raise StoreTooNew(
            f"store {str(file)!r} has schema version {version}, but this modeltap supports only "
            f"version {schema.VERSION}; upgrade modeltap or choose another store"
        )
    if version < schema.VERSION:
        _refuse_foreign(connection, file)
        upgrades_in_child = opening.in_child and not _is_empty(connection)
        if not (upgrades_in_child and _migrated_by_child(file, opening.mode)):
            _migrate(connection, file)
    connection.execute("pragma journal_mode = wal")
    connection.execute("pragma synchronous = normal")
    # The log grows while a long-running reader is open; afterwards it shrinks to this size.
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
            f"store {str(file)!r} is another program's database (it contains the table "
            f"{foreign[0]!r}); choose another file"
        )


def _migrated_by_child(file: Path, mode: int | None) -> bool:
    """Migrate in another process; return False if none can be started (embedded Python)."""
    arguments = [str(file)] if mode is None else [str(file), f"{mode:o}"]
    try:
        process = subprocess.run(
            interpreter.command("modeltap.store.create", *arguments),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=60,
            env=interpreter.environment(),
        )
    except (OSError, ConfigError, subprocess.TimeoutExpired):
        return False
    return process.returncode == 0


def _migrate(connection: sqlite3.Connection, file: Path) -> None:
    """Create or upgrade the schema; a lock serializes processes that start at the same time."""
    # Lock the folder, not a file: this leaves no file behind, and closing it releases no lock that
    # SQLite holds.
    folder = os.open(file.parent, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        # Set these before the first table, because changing them later is expensive. A page of
        # 8 KB holds six exchanges with 1 KB bodies and the default 4 KB only two: writing is a
        # quarter faster.
        connection.execute("pragma page_size = 8192")
        connection.execute("pragma auto_vacuum = incremental")
        # SQLite does not wait for locks when it changes this: a second process would fail at once.
        connection.execute("pragma journal_mode = wal")
        if _is_empty(connection):
            with writing(connection):
                schema.create(connection)
        elif _version(connection) < schema.VERSION:
            _upgrade(connection)
    finally:
        os.close(folder)


def _version(connection: sqlite3.Connection) -> int:
    version: int = connection.execute("pragma user_version").fetchone()[0]
    return version


def _is_empty(connection: sqlite3.Connection) -> bool:
    return connection.execute("select 1 from sqlite_master limit 1").fetchone() is None


def _upgrade(connection: sqlite3.Connection) -> None:
    from sqlite_utils import Database  # takes 0.2 s, or a second if pandas is installed

    schema.migrate(Database(connection))
