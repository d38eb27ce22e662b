"""Rows of a store: of the newest version, and under any id of their requests."""

from __future__ import annotations

from contextlib import closing

import pytest

from compared import fill, shop
from modeltap.comparison.compared_rows import StoredRows
from modeltap.errors import InputError
from modeltap.store.connection import connect, connect_reader, writing
from stores import START, analyze, every, put


def test_the_newest_version_is_compared(store):
    """With `per_version`, each version has rows of its own."""
    for number, version in enumerate(("1", "2")):
        moments = every(1, 5, first=number * 60)
        rows = [{"x": n} for n in range(5)]
        put(store, moments, rows, version=version, prefix=f"v{version}-")
    analyze(store, {"per_version": True})
    with closing(connect_reader(store)) as connection:
        newest = StoredRows(connection, "m")
        assert newest.version == "2" and len(newest.rows) == 5
        assert "version '2'" in newest.notes[0]
        older = StoredRows(connection, "m", version="1")
        assert {row.exchange_id for row in older.rows} == {f"v1-{n}" for n in range(5)}
        with pytest.raises(InputError, match="no version '3'"):
            StoredRows(connection, "m", version="3")
        with pytest.raises(InputError, match="'x' has no predictions"):
            StoredRows(connection, "x")


def test_rows_of_one_environment(store):
    put(store, every(1, 3), [{"x": 1}] * 3, environment="production", prefix="p")
    put(store, every(2, 5), [{"x": 1}] * 5, environment="staging", prefix="s")
    analyze(store, {})
    with closing(connect(store)) as connection:
        assert len(StoredRows(connection, "m").rows) == 5  # that of the newest row
        assert len(StoredRows(connection, "m", environment="production").rows) == 3
        with pytest.raises(InputError, match="in the environment ''; available: production, stag"):
            StoredRows(connection, "m", environment="")


def test_rows_are_found_by_the_ids_of_their_requests(store):
    bodies, predictions, labels = shop(4)
    fill(store, bodies, predictions, labels)
    with closing(connect(store)) as connection, writing(connection):
        connection.execute("update exchanges set request_id = 'own-0' where id = 'r0'")
        connection.execute("update exchanges set request_id = 'twice' where id in ('r1', 'r2')")
    with closing(connect_reader(store)) as connection:
        source = StoredRows(connection, "m")
        assert source.own_ids(["own-0", "twice", "unknown"]) == {"own-0": "r0", "twice": None}
        assert source.features(source.rows).columns["hour"] == [body["hour"] for body in bodies]
        assert source.groups(source.rows) == ([], [])
        assert source.rows[0].event_time == START.strftime("%Y-%m-%dT%H:%M:%S.000Z")
