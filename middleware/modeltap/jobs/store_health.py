"""A store that is damaged, or whose disk is full: found, put aside, and reported in words."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
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
    """Turn SQLite's errors of a damaged store or a full disk into errors that say what to do.

    Raises `StoreDamaged` after the store was put aside, `StoreError` after the reserve was given
    up.
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
    """Once a day read all pages of the store; raises `StoreDamaged` and puts it aside.

    Damage that reads and inserts do not meet would otherwise wait for the day of need.

    Args:
        now: Unix seconds.
    """
    if now // clock.DAY == job_time(connection, _CHECK) // clock.DAY:
        return
    fresh = connect(store)  # ours may hold pages from before the damage
    try:
        damage.check(fresh, store, limit=None)
    except sqlite3.DatabaseError as error:
        raise move_aside(store, error) from error
    finally:
        fresh.close()
    with writing(connection):
        record_job_time(connection, _CHECK, now)


def move_aside(store: Path, error: sqlite3.DatabaseError) -> StoreDamaged:
    """Move a damaged store away, begin a new one, and return the error to raise."""
    aside = damage.move_aside(store, damage.inode(store))
    if aside is None:
        return StoreDamaged(f"store {str(store)!r} was damaged, and is put aside already")
    fresh = connect(store)
    with writing(fresh):
        record_dropped(fresh, "", os.uname().nodename, os.getpid(), {damage.reason(aside): 0})
    fresh.close()
    return StoreDamaged(
        f"store {str(store)!r} is damaged ({error}); it was put aside as {aside.name!r}, "
        "and a new one begun"
    )
