"""Requests by day: first, last, and the longest pause."""

from __future__ import annotations

import pytest

from modeltap.analysis.counting.traffic import record_requests
from modeltap.store.connection import connect, writing


@pytest.fixture
def days(store):
    """Record requests of a model; return its days."""
    connection = connect(store)

    def note(*times):
        with writing(connection):
            record_requests(connection, "m", [f"2024-01-{time}:00.000Z" for time in times])
        rows = connection.execute(
            "select day, first_at, last_at, longest_pause from request_days "
            "where model = 'm' order by day"
        )
        return [(r[0][8:], r[1][11:16], r[2][11:16], r[3]) for r in rows]

    yield note
    connection.close()


def test_a_pause_over_midnight_belongs_to_the_day_of_its_end(days):
    """In any order of arrival."""
    assert days("02T01:00", "01T22:00", "01T23:00") == [
        ("01", "22:00", "23:00", 3600.0),
        ("02", "01:00", "01:00", 7200.0),
    ]


def test_the_pause_since_the_last_time_counts(days):
    assert days("01T10:00") == [("01", "10:00", "10:00", 0.0)]
    assert days("01T10:30", "01T10:40") == [("01", "10:00", "10:40", 1800.0)]


def test_a_late_record_adds_no_pause(days):
    """A record of another worker lies within a counted period."""
    days("01T10:00", "01T12:00")
    assert days("01T11:00") == [("01", "10:00", "12:00", 7200.0)]
    assert days() == [("01", "10:00", "12:00", 7200.0)]
