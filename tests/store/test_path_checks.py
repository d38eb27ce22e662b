"""Checks of a store's path, before anything is opened."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from modeltap.errors import StoreError
from modeltap.store.path_checks import check_path, check_writable


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


def test_a_store_that_cannot_be_written_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "access", lambda path, mode: path != tmp_path)
    with pytest.raises(StoreError, match="is not writable by this user"):
        check_writable(tmp_path / "taps.db")
