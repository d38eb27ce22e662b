"""The end of a reference's learning, and the rows that are learnt."""

from __future__ import annotations

from collections import Counter
from contextlib import closing

import pytest

from modeltap.analysis.references import learning
from modeltap.analysis.references.learning import Learning, end_of, learning_of, outlook
from modeltap.config.settings import Settings
from modeltap.store.connection import connect, writing
from modeltap.store.event_times import add_days
from modeltap.store.learning_progress import EventSpan
from modeltap.store.predictions import insert_predictions

MINUTE = 60


@pytest.fixture
def connection(store):
    with closing(connect(store)) as opened:
        yield opened


def fill(connection, count, minutes, first=0):
    """Store rows from Monday, 1 January 2024, 09:23, at an interval of `minutes`."""
    start = 9 * 60 + 23
    moments = [start + minutes * n for n in range(first, first + count)]
    times = [
        f"2024-01-{1 + at // 1440:02}T{at // 60 % 24:02}:{at % 60:02}:00.000Z" for at in moments
    ]
    with writing(connection):
        insert_predictions(
            connection,
            "m",
            "",
            exchange_ids=[f"e{n}" for n in range(first, first + count)],
            rows=[0] * count,
            predictions=[1] * count,
            scores=[None] * count,
            probabilities=[None] * count,
            event_times=times,
            seqs=range(first, first + count),
        )
        add_days(connection, "m", Counter(time[:10] for time in times))


def alert(connection, start, end, metric="missing_rate", feature="x"):
    with writing(connection):
        connection.execute(
            "insert into metrics (model, version, window, window_start, window_end, rows, metric, "
            "feature, verdict, computed_at) values ('m', '', '1h', ?, ?, 9, ?, ?, 'alert', '')",
            (start, end, metric, feature),
        )


def of(connection, reference, **options):
    return learning_of(connection, Settings(reference=reference, **options), "m", "")


def test_without_rows_there_is_nothing_to_learn(connection):
    assert of(connection, "first 7d, 2000 rows") is None


@pytest.mark.parametrize(
    ("reference", "window", "end"),
    [
        ("first 2d", "1h", "2024-01-03T10:00:00.000Z"),  # up to the end of the window
        ("first 2d", "1d", "2024-01-04T00:00:00.000Z"),
        ("first 2d, 100 rows", "1h", "2024-01-03T10:00:00.000Z"),
        ("first 2d, 350 rows", "1h", "2024-01-03T20:00:00.000Z"),  # rows are what was missing
        ("first 350 rows", "1h", "2024-01-03T19:33:00.001Z"),  # just these
        ("first 2d", "500 rows", "2024-01-03T09:23:00.000Z"),
    ],
)
def test_rows_and_period_must_both_be_complete_and_a_window_ends_learning(
    connection, reference, window, end
):
    fill(connection, 500, 10)
    result = of(connection, reference, window=window)
    assert (result.end, result.missing) == (end, 0)


def test_the_end_is_unknown_while_rows_are_missing(connection):
    fill(connection, 50, 10)
    result = of(connection, "first 2d, 100 rows")
    assert (result.end, result.until, result.missing) == (None, "2024-01-03T10:00:00.000Z", 100)
    assert outlook(result) == "learning until Wednesday, 2024-01-03 10:00 UTC and 100 rows"
    assert outlook(of(connection, "first 100 rows")) == "learning until 100 rows"


def test_windows_that_alerted_are_left_out_and_their_rows_are_missing(connection):
    fill(connection, 500, 10)
    alert(connection, "2024-01-01T12", "2024-01-01T13")
    alert(connection, "2024-01-01T13", "2024-01-01T14", "type_mismatch_rate")
    alert(connection, "2024-01-01T20", "2024-01-01T21", "drift")
    result = of(connection, "first 350 rows")
    assert result.left_out == (EventSpan("2024-01-01T12", "2024-01-01T14"),)
    assert result.end == "2024-01-03T21:33:00.001Z", "twelve rows later"
    rows = learning.learnt_rows(connection, "m", "", result, 350)
    assert len(rows) == 350
    assert not any("T12" <= row.event_time[10:13] < "T14" for row in rows[:60])
    assert learning.left_out_rows(connection, "m", "", result) == 12


def test_the_last_row_of_a_row_window_is_left_out_with_it(connection):
    fill(connection, 500, 10)
    alert(connection, "2024-01-01T12:03:00.000Z", "2024-01-01T13:53:00.000Z")
    result = of(connection, "first 350 rows", window="12 rows")
    assert learning.left_out_rows(connection, "m", "", result) == 12


@pytest.mark.parametrize(
    ("metric", "declared"),
    [
        ("missing_rate", {"required": True}),
        ("out_of_range_rate", {"max": 3.0}),
        ("unseen_rate", {"allowed": ("a",)}),
    ],
)
def test_windows_that_break_a_declared_limit_are_learnt(connection, metric, declared):
    from modeltap.config.settings import FeatureSettings

    fill(connection, 500, 10)
    alert(connection, "2024-01-01T12", "2024-01-01T13", metric)
    features = {"x": FeatureSettings(**declared)}
    assert of(connection, "first 2d", features=features).left_out == ()
    assert len(of(connection, "first 2d").left_out) == 1


def test_many_rows_are_sampled_evenly_over_the_hours(connection):
    fill(connection, 2000, 1)
    result = of(connection, "first 1d")
    rows = learning.learnt_rows(connection, "m", "", result, 240)
    hours = [row.event_time[:13] for row in rows]
    counts = {hour: hours.count(hour) for hour in hours}
    assert 200 < len(rows) <= 260 and max(counts.values()) <= 12
    assert rows == sorted(rows, key=lambda row: row.event_time)
    assert rows == learning.learnt_rows(connection, "m", "", result, 240), "and the same each time"
    assert len(learning.learnt_rows(connection, "m", "", result, 10_000)) == 24 * 60 + 37


def test_restarted_learning_begins_at_the_given_time(connection):
    fill(connection, 500, 10)
    learning.relearn(connection, "m", "", "2024-01-02T05:00:00.000Z")
    result = of(connection, "first 1d")
    assert (result.start, result.end) == ("2024-01-02T05:03:00.000Z", "2024-01-03T06:00:00.000Z")


def test_the_message_about_the_end_of_learning():
    until = "2024-01-08T09:00:00.000Z"
    assert outlook(Learning("", until, until)) == "learning until Monday, 2024-01-08 09:00 UTC"
    assert outlook(Learning("", "x", None)) == "learning until the window is over"


@pytest.mark.parametrize(
    ("reference", "end"),
    [
        ("first 1d", "2024-01-03T00:00:00.000Z"),
        ("first 1d, 400 rows", "2024-01-04T19:00:00.000Z"),
        ("first 60 rows", "2024-01-02T10:00:00.000Z"),
        ("first 7d, 2000 rows", None),
        ("normal.csv", None),  # as by default
    ],
)
def test_one_columns_rows_are_as_many_as_a_references_and_end_with_a_window(
    connection, reference, end
):
    fill(connection, 600, 10)
    result = end_of(connection, "m", "", Settings(reference=reference), "2024-01-02T00:00:00.000Z")
    assert result == end
