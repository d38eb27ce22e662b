"""Fixtures for opening a store and for the files next to it."""

from __future__ import annotations

import pytest

from modeltap.store.connection import connect


@pytest.fixture
def link(tmp_path):
    """Return a link to a store in another folder."""
    (tmp_path / "data").mkdir()
    target = tmp_path / "data" / "real.db"
    connect(target).close()
    path = tmp_path / "taps.db"
    path.symlink_to(target)
    return path
