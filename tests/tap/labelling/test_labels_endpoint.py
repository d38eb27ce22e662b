"""The labels endpoint: its options, and the responses to valid, refused and failing posts."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing

import pytest

import modeltap
from modeltap.config.settings import Settings
from modeltap.config.sources import load
from modeltap.errors import ConfigError
from modeltap.store.connection import connect
from modeltap.tap.labelling import labels_endpoint
from modeltap.tap.labelling.labels_endpoint import LabelsEndpoint

NO_TOKEN = "labels_endpoint needs labels_token"


@pytest.fixture
def endpoint(store):
    settings = Settings(labels_endpoint="/labels", labels_token="t0ken", store=str(store))
    return LabelsEndpoint(settings, "m", lambda: None, lambda: None)


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"labels_endpoint": "/labels"}, NO_TOKEN),
        ({"labels_endpoint": "/labels", "labels_token": ""}, NO_TOKEN),
        ({"labels_endpoint": "labels", "labels_token": "t"}, "must be a path"),
        ({"labels_endpoint": "/", "labels_token": "t"}, "must be a path"),
        ({"labels_endpoint": "/labels?a=1", "labels_token": "t"}, "must be a path"),
        ({"labels_endpoint": "/labels", "labels_token": "env:NO_SUCH"}, "NO_SUCH is not set"),
    ],
)
def test_an_unusable_option_is_refused_when_the_app_is_watched(store, options, reason):
    """So that the endpoint is never open; the token is not shown."""

    async def app(scope, receive, send): ...

    with pytest.raises(ConfigError, match=reason):
        modeltap.watch(app, model="m", store=store, **options)


def test_the_options_are_read_from_the_environment():
    settings = load(environ={"MODELTAP_LABELS_ENDPOINT": "/l", "MODELTAP_LABELS_TOKEN": "env:T"})
    assert (settings.labels_endpoint, settings.labels_token) == ("/l", "env:T")


def test_commands_read_the_options_without_the_apps_token():
    """The file may have the path, and the app the token."""
    assert load(environ={"MODELTAP_LABELS_ENDPOINT": "/labels"}).labels_token is None


def test_the_token_is_not_shown():
    settings = Settings(labels_endpoint="/labels", labels_token="t0ken")
    assert "t0ken" not in repr(settings)


def test_a_repeated_label_is_stored_once_and_a_correction_is_kept(endpoint, store):
    for value in (1, 1, 2, 2):
        reply = endpoint.store(b'{"id": "a", "value": %d}' % value, "")
        assert json.loads(reply.body)["accepted"] == 1
    with closing(sqlite3.connect(store)) as connection:
        assert connection.execute("select value from labels").fetchall() == [(1,), (2,)]


def test_a_store_that_is_locked_or_unusable_is_reported(endpoint, store, monkeypatch, caplog):
    """With 503 the client sends the labels again."""
    connect(store).close()
    monkeypatch.setattr("modeltap.store.connection.BUSY_TIMEOUT_SECONDS", 0.01)
    with closing(sqlite3.connect(store, isolation_level=None)) as other:
        other.execute("begin immediate")
        reply = endpoint.store(b'{"id": "a", "value": 1}', "")
    assert reply.status == 503 and ("retry-after", "1") in reply.headers
    assert "database is locked" in caplog.text

    def fails(*_, **__):
        raise RuntimeError("broken")

    monkeypatch.setattr(labels_endpoint, "store_labels", fails)
    assert endpoint.store(b'{"id": "a", "value": 1}', "").status == 500
    assert "broken" in caplog.text
