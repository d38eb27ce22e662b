"""Progress of learning a reference: rows by hour, the nth row, and alerts."""

from __future__ import annotations

from contextlib import closing

import pytest

from modeltap.store import learning_progress as progress
from modeltap.store.connection import connect, writing
from modeltap.store.learning_progress import EventSpan
from modeltap.store.predictions import insert_predictions

DAY = EventSpan("2024-01-01", "2024-01-02")


@pytest.fixture
def connection(store):
    """Return a store with one row every ten minutes for four hours."""
    times = [f"2024-01-01T{n // 6:02}:{n % 6}0:00.000Z" for n in range(24)]
    with closing(connect(store)) as opened:
        with writing(opened):
            insert_predictions(
                opened,
                "m",
                "",
                exchange_ids=[f"e{n}" for n in range(24)],
                rows=[0] * 24,
                predictions=[1] * 24,
                scores=[None] * 24,
                probabilities=[None] * 24,
                event_times=times,
                seqs=range(24),
            )
        yield opened


def test_the_first_row_at_or_after_a_time(connection):
    assert progress.first_time(connection, "m", "", "") == "2024-01-01T00:00:00.000Z"
    later = progress.first_time(connection, "m", "", "2024-01-01T01:05")
    assert later == "2024-01-01T01:10:00.000Z"
    assert progress.first_time(connection, "m", "", "2025") is None
    assert progress.first_time(connection, "other", "", "") is None


def test_the_nth_row_without_excluded_spans(connection):
    hour = EventSpan("2024-01-01T01", "2024-01-01T02")
    assert progress.nth_time(connection, "m", "", "", 7) == "2024-01-01T01:00:00.000Z"
    assert progress.nth_time(connection, "m", "", "", 7, [hour]) == "2024-01-01T02:00:00.000Z"
    assert progress.nth_time(connection, "m", "", "", 18, [hour]) is not None
    assert progress.nth_time(connection, "m", "", "", 19, [hour]) is None


def test_rows_are_counted_by_hour(connection):
    result = progress.rows_by_hour(
        connection, "m", "", EventSpan("2024-01-01T00:30", "2024-01-01T02")
    )
    assert result == {"2024-01-01T00": 3, "2024-01-01T01": 6}


def test_restarting_learning_sets_its_start_and_deactivates_references(connection):
    assert progress.learn_from(connection, "m", "") == ""
    with writing(connection):
        connection.execute(
            'insert into "references" (id, model, version, source, rows, created_at, active, '
            "payload) values ('r', 'm', '', 'first', 2, '2024', 1, '{}')"
        )
        progress.restart_learning(connection, "m", "", "2024-01-01T02")
    assert progress.learn_from(connection, "m", "") == "2024-01-01T02"
    assert connection.execute('select active from "references"').fetchone()[0] == 0


def test_provisional_references_are_deleted(connection):
    with writing(connection):
        connection.executemany(
            'insert into "references" (id, model, version, source, rows, created_at, active, '
            "state, payload) values (?, 'm', '', 'first', 2, '2024', ?, ?, ?)",
            [
                ("counts", 1, "active", "{}"),
                ("earlier", 0, "active", "{}"),
                ("provisional", 0, "provisional", "{}"),
                ("inherited", 0, "active", '{"inherited": true}'),
            ],
        )
        progress.delete_provisional(connection, "m", "")
    left = connection.execute('select id from "references" order by id').fetchall()
    assert [row[0] for row in left] == ["counts", "earlier"]


def test_alerts_of_features_are_listed_within_a_span(connection):
    with writing(connection):
        connection.executemany(
            "insert into metrics (model, version, window, window_start, window_end, rows, metric, "
            "feature, verdict, computed_at) values ('m', '', '1h', ?, ?, 9, ?, 'x', ?, '')",
            [
                ("2024-01-01T00", "2024-01-01T01", "missing_rate", "alert"),
                ("2024-01-01T01", "2024-01-01T02", "missing_rate", "ok"),
                ("2024-01-01T02", "2024-01-01T03", "drift", "alert"),
                ("2024-01-02T00", "2024-01-02T01", "missing_rate", "alert"),
            ],
        )
    (result,) = progress.alerts_of_features(connection, "m", "", ["missing_rate"], DAY)
    assert result == ("missing_rate", "x", EventSpan("2024-01-01T00", "2024-01-01T01"))
