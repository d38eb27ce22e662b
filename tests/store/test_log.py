"""The write-ahead log is bounded: a reader that stays makes it grow, and it shrinks again."""

from __future__ import annotations

import sqlite3

import pytest

from modeltap.store import connection as opening
from modeltap.store.connection import connect, writing
from modeltap.store.exchanges import ExchangeRow, insert_exchanges


def write(connection, name, count, body):
    with writing(connection):
        insert_exchanges(
            connection,
            [
                ExchangeRow(
                    id=f"{name}{n}",
                    model="m",
                    source="asgi",
                    started_at="2024",
                    request_body=body,
                )
                for n in range(count)
            ],
        )


@pytest.fixture
def outgrown(store):
    """A store with a log twice as long as its limit, kept by a reader in its transaction."""
    connection = connect(store)
    write(connection, "first", 1, "{}")
    reader = sqlite3.connect(store, isolation_level=None)
    reader.execute("begin")
    assert reader.execute("select count(*) from exchanges").fetchone() == (1,)
    log = store.with_name(store.name + "-wal")
    round_ = 0
    while log.stat().st_size < 2 * opening._LOG_BYTES:
        write(connection, f"{round_}-", 200, "x" * 30_000)
        round_ += 1
    assert 200 * round_ >= 2000
    yield connection, reader, log
    reader.close()
    connection.close()


def test_a_log_that_a_reader_let_grow_shrinks_to_its_limit(outgrown):
    """With the next writes after it has gone; every row is there."""
    connection, reader, log = outgrown
    before = connection.execute("select count(*) from exchanges").fetchone()[0]
    assert reader.execute("select count(*) from exchanges").fetchone() == (1,)
    reader.execute("rollback")
    for n in range(3):
        write(connection, f"after{n}-", 1, "{}")
    assert log.stat().st_size <= opening._LOG_BYTES
    assert connection.execute("select count(*) from exchanges").fetchone()[0] == before + 3
    assert connection.execute("pragma quick_check").fetchone()[0] == "ok"


def test_a_log_that_nobody_keeps_is_begun_anew_long_before(store):
    """Written as much, without a reader: SQLite's thousand pages, and what one commit holds."""
    connection = connect(store)
    log = store.with_name(store.name + "-wal")
    for round_ in range(12):
        write(connection, f"{round_}-", 200, "x" * 30_000)
        assert log.stat().st_size < opening._LOG_BYTES / 2
    connection.close()
