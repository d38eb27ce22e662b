"""Rows with the time of their first label, without imported ones."""

from __future__ import annotations

from contextlib import closing

from modeltap.store.connection import connect, writing
from modeltap.store.label_arrivals import label_arrivals, received_at
from modeltap.store.labels import insert_labels, newest_label
from stores import START, analyze, every, put

START_TEXT = START.strftime("%Y-%m-%dT%H:%M:%S.000Z")


def filled(store):
    put(store, every(60, 5), [{"x": 1.0}] * 5)
    analyze(store, {"window": "1d"})
    with closing(connect(store)) as connection, writing(connection):
        insert_labels(connection, [("r0", 0, 1), ("r1", 0, 2), ("r0", 0, 3)], source="test")
        for seq in (1, 2, 3):
            connection.execute(
                "update labels set received_at = ? where seq = ?",
                (f"2024-01-0{seq + 1}T00:00:00.000Z", seq),
            )
        connection.execute("update exchanges set source = 'asgi', method = 'POST'")


def test_the_first_arrival_and_the_last_value_count(store):
    filled(store)
    with closing(connect(store)) as connection:
        rows = label_arrivals(connection, "m", "", START_TEXT, "9999", limit=100)
        assert [(row.label, row.received_at[:10]) for row in rows] == [
            (3, "2024-01-02"),
            (2, "2024-01-03"),
        ]
        assert label_arrivals(connection, "m", "", START_TEXT, "9999", limit=1) == rows[:1]
        assert received_at(connection, newest_label(connection)) == "2024-01-04T00:00:00.000Z"
        assert received_at(connection, 99) is None


def test_imported_rows_have_no_arrival(store):
    filled(store)
    with closing(connect(store)) as connection, writing(connection):
        connection.execute("update exchanges set source = 'import' where id = 'r0'")
        connection.execute("update exchanges set method = 'IMPORT' where id = 'r1'")
    with closing(connect(store)) as connection:
        assert label_arrivals(connection, "m", "", START_TEXT, "9999", limit=100) == []
