"""A damaged store is moved away and reported once; its pages are read once a day."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from modeltap.clock import DAY
from modeltap.errors import StoreDamaged
from modeltap.jobs.store_health import check_daily, explained, move_aside
from modeltap.store.connection import connect


def broken(code=sqlite3.SQLITE_CORRUPT):
    error = sqlite3.DatabaseError("malformed")
    error.sqlite_errorcode = code
    return error


def asides(store):
    return list(store.parent.glob(f"{store.name}.damaged-*Z"))


@pytest.fixture
def connection(store):
    with closing(connect(store)) as opened:
        yield opened


def test_a_damaged_store_is_moved_away_and_replaced(connection, store, read_rows):
    with pytest.raises(StoreDamaged, match="a new store was created") as error, explained(store):
        raise broken()
    (aside,) = asides(store)
    assert aside.name in str(error.value)
    (loss,) = read_rows(store, "select * from dropped")
    assert loss["count"] == 0 and aside.name in loss["reason"]


def test_other_errors_are_raised_unchanged(connection, store):
    with pytest.raises(sqlite3.DatabaseError, match="malformed"), explained(store):
        raise broken(sqlite3.SQLITE_BUSY)
    with pytest.raises(KeyError), explained(store):
        raise KeyError
    assert asides(store) == []


def test_a_store_moved_by_another_process_is_not_moved_again(connection, store):
    store.unlink()
    error = move_aside(store, broken())
    assert isinstance(error, StoreDamaged) and "has already been replaced" in str(error)
    assert asides(store) == [] and not store.exists()


def test_a_loss_that_cannot_be_recorded_leaves_no_file_open(connection, store, monkeypatch):
    """A worker goes on, and finds the next damaged store."""

    def fail(*_):
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr("modeltap.jobs.store_health.record_dropped", fail)
    with pytest.raises(sqlite3.OperationalError):
        move_aside(store, broken())
    assert len(asides(store)) == 1 and store.exists()
    assert not [file for file in Path("/proc/self/fd").iterdir() if file.resolve() == store]


def test_pages_are_read_once_a_day(connection, store, monkeypatch):
    read = []
    monkeypatch.setattr("modeltap.store.damage.check", lambda *a, **k: read.append(1))
    for now in (10 * DAY, 10 * DAY + 5, 11 * DAY - 1, 11 * DAY):
        check_daily(store, connection, now)
    assert len(read) == 2


def test_damage_outside_of_queried_pages_is_detected(store):
    with closing(connect(store)) as connection:
        rows = [(f"model {n:0200}", "") for n in range(500)]
        connection.executemany("insert into models (model, version) values (?, ?)", rows)
        connection.execute("pragma wal_checkpoint(truncate)")
        with store.open("r+b") as file:
            file.seek(store.stat().st_size - 4096)
            file.write(b"\xff" * 100)
        with pytest.raises(StoreDamaged, match="was moved to"):
            check_daily(store, connection, 10 * DAY)
    assert len(asides(store)) == 1
