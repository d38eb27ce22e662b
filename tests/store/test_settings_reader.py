"""Settings of each model: a command's flags before the file's, these before the app's."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from modeltap.store.connection import connect, writing
from modeltap.store.settings import save_settings
from modeltap.store.settings_reader import SettingsReader


@pytest.fixture
def connection(store):
    with closing(connect(store)) as opened:
        with writing(opened):
            hook = {"key": "k", "url": None, "secret": None, "format": "slack"}
            save_settings(
                opened,
                "m",
                {"window": "2h", "min_rows": 7, "unknown": 1, "store": "x", "webhooks": [hook]},
            )
        yield opened


def test_the_apps_options_hold_where_nothing_else_is_said(connection):
    reader = SettingsReader(connection)
    assert (reader.for_model("m").window, reader.for_model("m").min_rows) == ("2h", 7)
    assert reader.for_model("m") is reader.for_model("m")
    assert reader.for_model("other").window == reader.everybodys.window != "2h"
    assert reader.for_model("m").store != "x", "where a store is, no store says"


def test_files_and_flags_come_first(connection):
    Path("modeltap.toml").write_text('window = "3h"\n[models.m]\nmin_rows = 9\n')
    assert SettingsReader(connection).for_model("m").window == "3h"
    reader = SettingsReader(connection, {"window": "4h"})
    assert (reader.for_model("m").window, reader.for_model("m").min_rows) == ("4h", 9)


def test_webhooks_of_the_app_are_known_without_their_url(connection):
    Path("modeltap.toml").write_text('[[webhooks]]\nurl = "https://example.com/x"\n')
    reader = SettingsReader(connection)
    found = reader.receivers("m")
    assert found["k"].url == "" and found["k"].format == "slack"
    assert [hook.url for hook in found.values()] == ["https://example.com/x", ""]
    assert set(reader.receivers()) == set(found)
    assert "k" not in reader.receivers("other")
