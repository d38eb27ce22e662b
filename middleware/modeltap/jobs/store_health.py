"""Detection of a damaged store and of a full disk, with errors that name the fix."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from modeltap import clock
from modeltap.errors import StoreDamaged, StoreError
from modeltap.store import damage, reserve
from modeltap.store.connection import connect, writing
from modeltap.store.dropped import record_dropped
from modeltap.store.job_times import job_time, record_job_time

_CHECK = "check"
"""The job that reads all pages of the store."""


@contextmanager
def explained(store: Path) -> Iterator[None]:
    """Convert SQLite's errors about a damaged store or a full disk into actionable errors.

    Raises `StoreDamaged` after moving the store away, and `StoreError` after releasing the
    reserved disk space.
    """
    try:
        yield
    except sqlite3.DatabaseError as error:
        if damage.is_damage(error):
            raise move_aside(store, error) from error
        if reserve.is_full(store, error):
            raise StoreError(reserve.full_message(store, reserve.give_up(store))) from error
        raise


def check_daily(store: Path, connection: sqlite3.Connection, now: float) -> None:
    """Read all pages of the store once a day; move a damaged store away, `StoreDamaged`.

    Ordinary reads and inserts may miss damage until the affected rows are needed.

    Args:
        now: Unix seconds.
    """
    if now // clock.DAY == job_time(connection, _CHECK) // clock.DAY:
        return
    fresh = connect(store)  # `connection` may have cached pages from before the damage
    try:
        damage.check(fresh, store, limit=None)
    except sqlite3.DatabaseError as error:
        raise move_aside(store, error) from error
    finally:
        fresh.close()
    with writing(connection):
        record_job_time(connection, _CHECK, now)


def move_aside(store: Path, error: sqlite3.DatabaseError) -> StoreDamaged:
    """Move a damaged store away, create a new one, and return the error to raise."""
    aside = damage.move_aside(store, damage.inode(store))
    if aside is None:
        return StoreDamaged(
            f"store {str(store)!r} was damaged and has already been replaced by a new one"
        )
    with closing(connect(store)) as fresh, writing(fresh):
        record_dropped(fresh, "", os.uname().nodename, os.getpid(), {damage.reason(aside): 0})
    return StoreDamaged(
        f"store {str(store)!r} is damaged ({error}); it was moved to {aside.name!r} and a new "
        "store was created"
    )
