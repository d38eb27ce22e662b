"""The versions of models: seen in exchanges, or noted for those without one."""

from __future__ import annotations

import pytest

from modeltap.store.connection import connect, writing
from modeltap.store.versions import (
    END,
    ServedVersion,
    note_version,
    rows_of_version,
    served_versions,
    versions_begun,
)
from stores import analyze, every, put

T0, T1, T2 = ("2024-01-01T00:00:00.000Z", "2024-01-01T00:10:00.000Z", "2024-01-01T00:20:00.000Z")
LAST = "2024-01-01T00:29:00.000Z"


@pytest.fixture
def without(store):
    """Half an hour of rows without a version, one a minute."""
    put(store, every(1, 30), [{"x": n} for n in range(30)])
    analyze(store, {})
    return connect(store)


def note(connection, version, since, environment=""):
    with writing(connection):
        note_version(connection, "m", environment, version, since)


def numbers(connection, served, **options):
    return [int(row.exchange_id[1:]) for row in rows_of_version(connection, "m", served, **options)]


def test_versions_of_exchanges_are_recorded_when_they_are_counted(store):
    """With the event times of the first and the last exchange, in any order of arrival."""
    put(store, every(1, 10, first=20), [{"x": 1}] * 10, version="2", prefix="b")
    analyze(store, {})
    put(store, every(1, 10), [{"x": 1}] * 10, version="1", prefix="a")
    put(store, every(1, 5, first=10), [{"x": 1}] * 5, version="2", prefix="c")
    analyze(store, {})
    connection = connect(store)
    one, two = served_versions(connection, "m")
    assert one == ServedVersion("", "1", T0, "2024-01-01T00:09:00.000Z")
    assert two == ServedVersion("", "2", T1, LAST)
    assert len(rows_of_version(connection, "m", two)) == 15
    assert [row[0] for row in connection.execute("select exchanges from versions")] == [10, 15]
    analyze(store, {})  # again, nothing changes
    assert served_versions(connection, "m") == [one, two]


def test_noted_versions_divide_the_exchanges_without_one(without):
    note(without, "1.4", T1)
    note(without, "1.3", T2)  # back to an earlier one
    first, second, third = served_versions(without, "m")
    assert first == ServedVersion("", "", T0, T1, until=T1)
    assert second == ServedVersion("", "1.4", T1, T2, True, T2)
    assert third == ServedVersion("", "1.3", T2, LAST, True, END)
    parts = [numbers(without, own) for own in (first, second, third)]
    assert parts == [list(range(10)), list(range(10, 20)), list(range(20, 30))]
    assert numbers(without, third, limit=3) == [27, 28, 29]
    assert numbers(without, third, since="2024-01-01T00:25:00.000Z") == list(range(25, 30))


def test_a_version_noted_again_for_the_same_time_replaces_the_first(without):
    note(without, "1.4", T0)
    note(without, "1.5", T0)
    (own,) = served_versions(without, "m")
    assert own == ServedVersion("", "1.5", T0, LAST, True)


def test_a_version_noted_for_the_future_has_no_rows_yet(without):
    note(without, "2", "2099-01-01T00:00:00.000Z")
    _, future = served_versions(without, "m")
    assert future.last_at == "" and numbers(without, future) == []


def test_changes_in_a_period(without):
    """The first version of all is no change."""
    note(without, "1.4", T1)
    begun = versions_begun(without, "m", "", T0, T2)
    assert [own.version for own in begun] == ["1.4"]
    assert versions_begun(without, "m", "", T0, T1) == []
    assert versions_begun(without, "m", "test", T0, T2) == []
