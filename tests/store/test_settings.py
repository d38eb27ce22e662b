"""Settings that the watching process left in the store."""

from __future__ import annotations

import pytest

from modeltap.store import settings as kept
from modeltap.store.connection import connect, writing


@pytest.fixture
def connection(store):
    opened = connect(store)
    yield opened
    opened.close()


def save(connection, model, **said):
    with writing(connection):
        kept.save_settings(connection, model, said)


def test_each_model_has_its_own_and_the_last_value_counts(connection):
    save(connection, "a", window="1h", ignore=["x", "y"], min_rows=None)
    save(connection, "b", window="1d")
    save(connection, "a", window="2h")
    assert kept.load_settings(connection, "a") == {
        "window": "2h",
        "ignore": ["x", "y"],
        "min_rows": None,
    }
    assert kept.load_settings(connection, "b") == {"window": "1d"}
    assert kept.load_settings(connection, "c") == {}


def test_what_did_not_change_keeps_its_time(connection):
    """Otherwise each start of an app would look like a change."""
    save(connection, "a", window="1h")
    connection.execute("update settings set updated_at = '2000'")
    save(connection, "a", window="1h")
    assert connection.execute("select updated_at from settings").fetchone()[0] == "2000"
    save(connection, "a", window="2h")
    assert connection.execute("select updated_at from settings").fetchone()[0] > "2001"


def test_webhooks_are_those_of_a_model_or_of_all(connection):
    save(connection, "a", webhooks=[{"key": "one"}])
    save(connection, "b", webhooks=[{"key": "two"}], window="1h")
    save(connection, "c", window="1h")
    assert [one["key"] for one in kept.stored_webhooks(connection, "b")] == ["two"]
    assert {one["key"] for one in kept.stored_webhooks(connection)} == {"one", "two"}
    assert kept.stored_webhooks(connection, "c") == []
