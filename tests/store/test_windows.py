"""Counted windows: found by time, due until they are evaluated, and evaluated together."""

from __future__ import annotations

from contextlib import closing

import pytest

from modeltap.store import windows
from modeltap.store.connection import connect, writing
from modeltap.store.windows import CountedWindow, PackedTally, Series

SERIES = Series("m", "", "ref", "1d")


def counted(day, rows=10, **more):
    start, end = f"2024-01-0{day}", f"2024-01-0{day + 1}"
    tally = PackedTally(rows, b"", b"", "{}", b"")
    return CountedWindow(start, end, start, end, tally)._replace(**more)


@pytest.fixture
def connection(store):
    with closing(connect(store)) as opened:
        with writing(opened):
            for day in (3, 1, 5):
                windows.put_window(opened, SERIES, counted(day))
            windows.put_window(opened, Series("m", "", "other", "1d"), counted(2))
            windows.put_window(opened, Series("m", "", "ref", "1h"), counted(4))
        yield opened


def days(windows):
    return [int(window.window_start[-1]) for window in windows]


def test_windows_belong_to_one_length_and_reference(connection):
    assert days(windows.all_windows(connection, SERIES)) == [1, 3, 5]
    assert days(windows.windows_between(connection, SERIES, "2024-01-01", "2024-01-05")) == [1, 3]
    assert windows.lengths(connection, SERIES) == ["1h"]
    assert windows.get_window(connection, SERIES, "2024-01-02") is None
    assert SERIES.counted != Series("m", "", "ref", "1h").counted


@pytest.mark.parametrize(("moment", "day"), [("2024-01-04", 3), ("2024-01-03", 3), ("2023", 1)])
def test_the_window_at_a_time_is_the_last_started_or_the_first(connection, moment, day):
    assert days([windows.window_at(connection, SERIES, moment)]) == [day]


def test_after_the_last_window_there_is_none(connection):
    assert days([windows.window_after(connection, SERIES, "2024-01-01")]) == [3]
    assert windows.window_after(connection, SERIES, "2024-01-05") is None
    assert windows.window_at(connection, Series("x", "", "ref", "1d"), "2024") is None


def test_new_rows_make_a_window_due_again(connection):
    with writing(connection):
        connection.execute("update windows set due = 0")
    assert windows.due_windows(connection, SERIES) == []
    with writing(connection):
        windows.put_window(connection, SERIES, counted(3, rows=11))
    (due,) = windows.due_windows(connection, SERIES)
    assert (due.tally.rows, days([due])) == (11, [3])
    assert len(windows.all_windows(connection, SERIES)) == 3


def test_a_row_window_ends_where_the_next_one_starts(connection):
    by_rows = Series("m", "", "ref", "10 rows")

    def at(day, seq):
        return counted(
            day,
            first_event=f"2024-01-0{day}",
            first_seq=seq,
            first_row=0,
            last_event=f"2024-01-0{day}",
            last_seq=seq + 9,
            last_row=2,
        )

    with writing(connection):
        windows.put_window(connection, by_rows, at(1, 1))
        windows.put_window(connection, by_rows, at(2, 11))
    first, last = windows.all_windows(connection, by_rows)
    assert windows.bounds(connection, first, by_rows) == (
        ("2024-01-01", 1, 0),
        ("2024-01-02", 11, 0),
    )
    assert windows.bounds(connection, last, by_rows)[1] == ("2024-01-02", 20, 3)
    assert windows.last_key(last) < windows.bounds(connection, last, by_rows)[1]
    of_time = windows.get_window(connection, SERIES, "2024-01-01")
    ends = (("2024-01-01", 0, 0), ("2024-01-02", 0, 0))
    assert windows.bounds(connection, of_time, SERIES) == ends


def test_evaluations_are_carried_to_the_windows_of_another_reference(connection):
    """By window start: evaluated or settled windows are not due there either."""
    new = Series("m", "", "new", "1d")
    with writing(connection):
        for day in (1, 3, 5, 6):
            windows.put_window(connection, new, counted(day))
        windows.mark_evaluated(connection, SERIES, [counted(1)], "2024-01-01", "2024-01-02")
        connection.execute("update windows set due = 0 where window_start = '2024-01-03'")
        windows.put_window(connection, new, counted(3))
        windows.carry_evaluations(connection, SERIES, new)
    assert days(windows.due_windows(connection, new)) == [5, 6]
    assert days(windows.evaluated_with(connection, new, "2024-01-01")) == [1]
