"""Opening the store, also through links, and bounding its write-ahead log."""

from __future__ import annotations

import sqlite3
import stat
import subprocess
import sys
from contextlib import closing

import pytest

from modeltap.errors import StoreError, StoreTooNew
from modeltap.store import connection as opening
from modeltap.store import schema
from modeltap.store.connection import connect, connect_reader, writing
from modeltap.store.exchanges import ExchangeRow, insert_exchanges


def test_a_new_store_is_private_and_in_wal_mode(store):
    """The file and its companions are accessible to their owner only."""
    connection = connect(store)
    with writing(connection):
        connection.execute("insert into watermarks values ('x', 1)")
    modes = {p.name: stat.S_IMODE(p.stat().st_mode) for p in store.parent.glob("taps.db*")}
    assert set(modes) == {"taps.db", "taps.db-wal", "taps.db-shm"}
    assert set(modes.values()) == {0o600}
    assert connection.execute("pragma journal_mode").fetchone()[0] == "wal"
    assert connection.execute("pragma user_version").fetchone()[0] == schema.VERSION
    assert connection.execute("pragma auto_vacuum").fetchone()[0] == 2


def test_a_new_store_equals_one_that_sqlite_utils_migrates(store):
    """So that sqlite-utils, which is not imported for a new store, can upgrade it later."""
    from sqlite_utils import Database

    connection = connect(store)
    migrated = Database(memory=True)
    schema.migrate(migrated)
    assert facts_of(Database(connection)) == facts_of(migrated)


def facts_of(db):
    """Return the schema of a store, and its recorded migrations, as sqlite-utils reads them."""
    from sqlite_utils.migrations import Migrations

    records = db["_sqlite_migrations"]
    own = "select type, name, sql from sqlite_master where tbl_name <> '_sqlite_migrations'"
    return (
        sorted(map(tuple, db.execute(own))),
        (records.columns_dict, records.pks),
        [(index.columns, index.unique) for index in records.indexes],
        [migration.name for migration in Migrations(schema.SET).applied(db)],
        [db.execute(f"pragma {name}").fetchone()[0] for name in ("user_version", "application_id")],
    )


@pytest.mark.parametrize("in_child", [False, True])
def test_an_older_store_is_upgraded_and_keeps_its_rows(store, in_child):
    """In this process, or in another one."""
    with closing(connect(store)) as connection:
        connection.execute("insert into watermarks values ('x', 1)")
        connection.execute(f"pragma user_version = {schema.VERSION - 1}")
    with closing(connect(store, in_child=in_child)) as connection:
        assert connection.execute("pragma user_version").fetchone()[0] == schema.VERSION
        assert connection.execute("select value from watermarks").fetchone()[0] == 1


def test_processes_that_start_together_create_one_store(store):
    """Four processes start at the same time: none fails, and the migration runs once."""
    code = "import sys; from modeltap.store.connection import connect; connect(sys.argv[1])"
    started = [subprocess.Popen([sys.executable, "-c", code, str(store)]) for _ in range(4)]
    assert [process.wait(60) for process in started] == [0] * 4
    assert connect(store).execute("select count(*) from _sqlite_migrations").fetchone()[0] == 1


def test_a_newer_schema_is_refused(store):
    """The error names the file and the fix."""
    connect(store).execute(f"pragma user_version = {schema.VERSION + 1}")
    with pytest.raises(StoreTooNew, match="upgrade modeltap or choose another store"):
        connect(store)


def test_another_programs_database_is_left_alone(store):
    """Nothing is created in it."""
    other = sqlite3.connect(store)
    other.execute("create table theirs (a)")
    other.close()
    with pytest.raises(StoreError, match="another program's database"):
        connect(store)
    tables = sqlite3.connect(store).execute("select name from sqlite_master").fetchall()
    assert tables == [("theirs",)]


def test_an_invalid_database_is_a_one_line_error(store):
    """The file is not overwritten."""
    store.write_bytes(b"not a database, but long enough to look like one" * 100)
    with pytest.raises(StoreError, match="is not a SQLite file; choose another --store"):
        connect(store)
    assert store.read_bytes().startswith(b"not a database")


def test_a_missing_store_is_not_created_for_reading(store):
    """The error says how to create one."""
    with pytest.raises(StoreError, match=r"name its file \(--store FILE, .*\), or record"):
        connect_reader(store)
    assert not store.exists()


def test_a_failed_transaction_is_rolled_back(store):
    """The next transaction works."""
    connection = connect(store)
    with pytest.raises(ZeroDivisionError), writing(connection):
        connection.execute("insert into watermarks values ('x', 1)")
        raise ZeroDivisionError
    assert connection.execute("select count(*) from watermarks").fetchone()[0] == 0
    with writing(connection):
        connection.execute("insert into watermarks values ('x', 1)")


def test_a_link_to_a_store_is_that_store(link):
    """Its companions are next to the real file, with its mode, and the link remains a link."""
    connection = connect(link)
    with writing(connection):
        connection.execute("insert into watermarks values ('x', 1)")
    modes = {p.name: p.stat().st_mode & 0o777 for p in link.resolve().parent.iterdir()}
    assert modes == dict.fromkeys(("real.db", "real.db-wal", "real.db-shm"), 0o600)
    assert link.is_symlink() and sorted(link.parent.glob("*")) == [link.with_name("data"), link]
    connection.close()
    rows = connect(link.resolve()).execute("select value from watermarks where name = 'x'")
    assert rows.fetchone()[0] == 1


def test_a_dangling_link_is_refused(tmp_path):
    """SQLite would create its target, readable for all users."""
    link = tmp_path / "link.db"
    link.symlink_to(tmp_path / "behind.db")
    with pytest.raises(StoreError, match="is a symbolic link to a missing file"):
        connect(link)
    assert not (tmp_path / "behind.db").exists()


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
    """Return a store with a log of twice its limit, kept by an open read transaction."""
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


def test_a_log_shrinks_to_its_limit_after_a_long_reader(outgrown):
    """It shrinks with the next writes after the reader is closed; no row is lost."""
    connection, reader, log = outgrown
    before = connection.execute("select count(*) from exchanges").fetchone()[0]
    assert reader.execute("select count(*) from exchanges").fetchone() == (1,)
    reader.execute("rollback")
    for n in range(3):
        write(connection, f"after{n}-", 1, "{}")
    assert log.stat().st_size <= opening._LOG_BYTES
    assert connection.execute("select count(*) from exchanges").fetchone()[0] == before + 3
    assert connection.execute("pragma quick_check").fetchone()[0] == "ok"


def test_a_log_without_readers_restarts_long_before_its_limit(store):
    """The same writes without a reader need a thousand pages, SQLite's limit, plus one commit."""
    connection = connect(store)
    log = store.with_name(store.name + "-wal")
    for round_ in range(12):
        write(connection, f"{round_}-", 200, "x" * 30_000)
        assert log.stat().st_size < opening._LOG_BYTES / 2
    connection.close()
