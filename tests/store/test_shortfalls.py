"""Missing parts of exchanges by hour: added up, due, evaluated and deleted."""

from __future__ import annotations

from contextlib import closing

from modeltap.store.connection import connect, writing
from modeltap.store.shortfalls import CoverageHour, add_shortfalls, due_parts, mark_parts_evaluated

HOUR = CoverageHour("m", "", "2024-01-01T00:00:00.000Z")
STAGING = HOUR._replace(environment="staging")


def test_an_hour_with_new_counts_is_due_with_all_its_counts(store):
    with closing(connect(store)) as connection:
        with writing(connection):
            add_shortfalls(connection, HOUR, {("rows", ""): 7, ("rows", "no JSON"): 2}.items())
            add_shortfalls(connection, HOUR, {("rows", "no JSON"): 1}.items())
        (due,) = due_parts(connection)
        assert due == (HOUR, {("rows", ""): 7, ("rows", "no JSON"): 3})
        with writing(connection):
            mark_parts_evaluated(connection, HOUR)
        assert due_parts(connection) == []
        with writing(connection):
            add_shortfalls(connection, HOUR, {("predictions", ""): 1}.items())
        (due,) = due_parts(connection)
        assert due.counts[("rows", "no JSON")] == 3


def test_two_days_of_hours_are_kept(store):
    with closing(connect(store)) as connection:
        for day in range(1, 4):
            for hour in range(24):
                name = f"2024-01-{day:02}T{hour:02}:00:00.000Z"
                with writing(connection):
                    add_shortfalls(connection, HOUR._replace(hour=name), {("rows", ""): 1}.items())
                    mark_parts_evaluated(connection, HOUR._replace(hour=name))
        (kept,) = connection.execute("select count(*) from shortfalls").fetchone()
        assert kept == 48


def test_each_environment_has_hours_of_its_own(store):
    with closing(connect(store)) as connection, writing(connection):
        add_shortfalls(connection, HOUR, {("rows", ""): 7}.items())
        add_shortfalls(connection, STAGING, {("rows", "no JSON"): 2}.items())
        assert [parts.of for parts in due_parts(connection)] == [HOUR, STAGING]
        mark_parts_evaluated(connection, HOUR)
        assert due_parts(connection) == [(STAGING, {("rows", "no JSON"): 2})]
