"""Settings that the watching process saved in the store."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from modeltap.store import settings as kept
from modeltap.store.connection import connect, writing
from modeltap.store.settings import SettingsReader, save_settings


@pytest.fixture
def connection(store):
    opened = connect(store)
    yield opened
    opened.close()


def save(connection, model, **options):
    with writing(connection):
        kept.save_settings(connection, model, options)


def test_each_model_has_its_own_settings_and_the_last_value_counts(connection):
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


def test_an_unchanged_setting_keeps_its_time(connection):
    """Otherwise each start of an app would look like a change."""
    save(connection, "a", window="1h")
    connection.execute("update settings set updated_at = '2000'")
    save(connection, "a", window="1h")
    assert connection.execute("select updated_at from settings").fetchone()[0] == "2000"
    save(connection, "a", window="2h")
    assert connection.execute("select updated_at from settings").fetchone()[0] > "2001"


def test_webhooks_are_those_of_a_model_or_all_models(connection):
    save(connection, "a", webhooks=[{"key": "one"}])
    save(connection, "b", webhooks=[{"key": "two"}], window="1h")
    save(connection, "c", window="1h")
    assert [webhook["key"] for webhook in kept.stored_webhooks(connection, "b")] == ["two"]
    assert {webhook["key"] for webhook in kept.stored_webhooks(connection)} == {"one", "two"}
    assert kept.stored_webhooks(connection, "c") == []


@pytest.fixture
def of_app(store):
    with closing(connect(store)) as opened:
        with writing(opened):
            hook = {"key": "k", "url": None, "secret": None, "format": "slack"}
            save_settings(
                opened,
                "m",
                {"window": "2h", "min_rows": 7, "unknown": 1, "store": "x", "webhooks": [hook]},
            )
        yield opened


def test_the_apps_options_are_the_defaults_of_commands(of_app):
    reader = SettingsReader(of_app)
    assert (reader.for_model("m").window, reader.for_model("m").min_rows) == ("2h", 7)
    assert reader.for_model("m") is reader.for_model("m")
    assert reader.for_model("other").window == reader.general.window != "2h"
    assert reader.for_model("m").store != "x", "where a store is, no store says"


def test_files_and_flags_override_the_store(of_app):
    Path("modeltap.toml").write_text('window = "3h"\n[models.m]\nmin_rows = 9\n')
    assert SettingsReader(of_app).for_model("m").window == "3h"
    reader = SettingsReader(of_app, {"window": "4h"})
    assert (reader.for_model("m").window, reader.for_model("m").min_rows) == ("4h", 9)


def test_webhooks_of_the_app_are_known_without_their_url(of_app):
    Path("modeltap.toml").write_text('[[webhooks]]\nurl = "https://example.com/x"\n')
    reader = SettingsReader(of_app)
    known_webhooks = reader.receivers("m")
    assert known_webhooks["k"].url == "" and known_webhooks["k"].format == "slack"
    assert [hook.url for hook in known_webhooks.values()] == ["https://example.com/x", ""]
    assert set(reader.receivers()) == set(known_webhooks)
    assert "k" not in reader.receivers("other")
