"""Rows by day of event time, and rows that are rejected, withdrawn and restored."""

from __future__ import annotations

import pytest

from modeltap.store import event_times
from modeltap.store.connection import connect, writing
from modeltap.store.predictions import insert_predictions

HOUR = "2024-01-01T00:00:00.000Z"
DAY = "1970-01-01"


@pytest.fixture
def connection(store):
    connection = connect(store)
    yield connection
    connection.close()


def times(connection):
    rows = connection.execute("select exchange_id, event_time from predictions order by 1")
    return dict(map(tuple, rows))


def test_a_day_is_withdrawn_and_restored(connection):
    stored_times = [f"{DAY}T00:00:00.000Z", HOUR]
    with writing(connection):
        insert_predictions(
            connection,
            "m",
            "v",
            exchange_ids=["a", "b"],
            rows=[0, 0],
            predictions=[1, 2],
            scores=[None, None],
            probabilities=[None, None],
            event_times=stored_times,
            seqs=[1, 2],
        )
        event_times.withdraw_days(connection, "m", [DAY], HOUR)
    assert times(connection) == {"a": None, "b": HOUR}
    assert event_times.rejected_rows(connection, "m", ["a", "b"]) == {("a", 0)}
    with writing(connection):
        (restored,) = event_times.restore_days(connection, "m", [DAY])
    assert (restored.exchange_id, restored.version, restored.reason) == ("a", "v", "stray")
    assert times(connection) == {"a": stored_times[0], "b": HOUR}
    assert event_times.rejected_rows(connection, "m", ["a", "b"]) == set()


def test_rows_are_added_up_by_day(connection):
    with writing(connection):
        event_times.add_days(connection, "m", {DAY: 2, "2024-01-01": 5})
        event_times.add_days(connection, "m", {DAY: 1})
    assert event_times.rows_by_day(connection, "m") == {DAY: 3, "2024-01-01": 5}
    assert event_times.has_rows(connection, "m", 8)
    assert not event_times.has_rows(connection, "m", 9)
    assert not event_times.has_rows(connection, "other", 1)
