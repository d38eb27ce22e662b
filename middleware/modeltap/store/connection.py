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
from modeltap.store.settings import save_mode, stored_mode

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
            "create it or choose another path"
        )
    return file


def check_writable(path: Path) -> Path:
    """Return `path`, an absolute one, of a store that may be written.

    Raises `StoreError` when this user, or a read-only disk, does not let it.
    """
    file = path if path.exists() else path.parent
    if not os.access(file, os.W_OK):
        raise StoreError(
            f"store {str(path)!r}: {str(file)!r} is not writable by this user; change its "
            "permissions or choose another path"
        )
    return path


def log_line(text: str) -> None:
    """Log a line for whoever runs this process."""
    logger.warning("modeltap: %s", text)


@dataclass(frozen=True)
class _Opening:
    """How a store is opened; see `connect`."""

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
    """Open the store for reading and writing; create or migrate it where `create` allows.

    The connection is in autocommit mode: writers say ``begin immediate`` themselves (`writing`).

    Args:
        in_child: another process migrates: sqlite-utils takes 0.2 s to import, and a second where
            pandas is installed, which no app that serves should pay.
        check: read the pages of a store that is not large, too.
        mode: of the store's files; by default the one that the app which writes it asks for.
        log: called with a line where others had access to the files, and have none any more.

    Raises `StoreError` (missing, unreadable, open to others, no SQLite file), `StoreDamaged` or
    `StoreTooNew`.
    """
    return _connected(path, _Opening(create, in_child, check, mode, log))


def connect_reader(path: str | Path) -> sqlite3.Connection:
    """Open an existing store for reading only; rows come as `sqlite3.Row`.

    It may be another user's: that others read it, too, is theirs to change.
    """
    connection = _connected(path, _Opening(create=False, reading=True))
    connection.execute("pragma query_only = on")
    return connection


def _connected(path: str | Path, opening: _Opening) -> sqlite3.Connection:
    file = Path(path).expanduser().absolute()
    if not _exists(file):
        if not opening.create:
            raise StoreError(
                f"there is no store at {str(path)!r}; name one with --store, or watch an app first"
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
    """Open the store, its files protected before, and after SQLite has made those beside it."""
    asked = opening.mode
    access = Access(file_mode.MOST) if asked is None else Access(asked, asked)
    changed = _protect(file, access, opening)
    connection = _usable(file, opening)
    try:
        stored = stored_mode(connection)
        if asked is None:
            access = Access(stored)
        elif asked != stored:
            with writing(connection):
                save_mode(connection, asked)
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
            f"store {str(path)!r} is damaged ({error}); the app that writes to it moves it aside "
            "and starts a new one"
        )
    if not os.access(file.resolve().parent, os.W_OK):
        # SQLite reads the log of a store that an app has open, and makes one of its own otherwise.
        return StoreError(
            f"store {str(path)!r} cannot be opened ({error}): this user cannot write to its "
            "folder, so the store is readable only while an app has it open and `store_mode` "
            "allows it"
        )
    return StoreError(f"store {str(path)!r} cannot be opened: {error}")


def _create_private(file: Path, mode: int) -> None:
    # SQLite gives its -wal and -shm files the mode of the database.
    try:
        file_mode.create(file, mode)
    except OSError as error:
        raise StoreError(f"store {str(file)!r} cannot be created: {error.strerror}") from error
    # Another process was faster, with the same mode; or what it is a link to would be made.
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
    version = connection.execute("pragma user_version").fetchone()[0]
    if version > schema.VERSION:
        raise StoreTooNew(
            f"store {str(file)!r} has schema version {version}, but this modeltap supports only "
            f"version {schema.VERSION}; upgrade modeltap or choose another store"
        )
    if version < schema.VERSION:
        _refuse_foreign(connection, file)
        if not (opening.in_child and _migrated_by_child(file, opening.mode)):
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
            f"store {str(file)!r} is another program's database (it contains the table "
            f"{foreign[0]!r}); choose another file"
        )


def _migrated_by_child(file: Path, mode: int | None) -> bool:
    """Let another process migrate; False where none can be started (an embedded Python)."""
    arguments = [str(file)] if mode is None else [str(file), f"{mode:o}"]
    try:
        done = subprocess.run(
            interpreter.command("modeltap.store.create", *arguments),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=60,
            env=interpreter.environment(),
        )
    except (OSError, ConfigError, subprocess.TimeoutExpired):
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
