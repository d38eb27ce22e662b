"""Checks of a store's path, before anything is opened."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from command import modeltap
from modeltap import ASGIMiddleware
from modeltap.errors import StoreError
from modeltap.store.connection import connect
from modeltap.store.path_checks import absolute_path, check_path, check_writable


def test_a_path_is_absolute_and_may_be_a_missing_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert check_path("taps.db") == tmp_path / "taps.db" == check_writable(tmp_path / "taps.db")
    assert check_path("~/taps.db") == Path.home() / "taps.db"
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("path", "reason"), [("", "is a folder; name a file in it"), ("no/taps.db", "does not exist")]
)
def test_a_path_that_cannot_be_a_store_is_refused(tmp_path, path, reason):
    with pytest.raises(StoreError, match=reason):
        check_path(tmp_path / path)


def test_a_home_folder_of_nobody_is_refused():
    """Wherever a path is given: the command line, the settings, an app."""
    for use in (check_path, absolute_path, connect, lambda path: ASGIMiddleware(None, store=path)):
        with pytest.raises(StoreError, match=r"'~no-such-user/taps\.db': there is no home folder"):
            use("~no-such-user/taps.db")
    assert "write the whole path" in modeltap("status", "--store", "~no-such-user/x.db", code=1)


def test_a_store_that_cannot_be_written_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "access", lambda path, mode: path != tmp_path)
    with pytest.raises(StoreError, match="is not writable by this user"):
        check_writable(tmp_path / "taps.db")
