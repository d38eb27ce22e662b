"""Fixtures: a store with drift, opened for reading."""

from __future__ import annotations

from contextlib import closing

import pytest

from drifted_store import at, files, gone_wrong
from modeltap.store.connection import connect_reader
from modeltap.store.models import ModelVersion
from modeltap.summaries.period import period_of

__all__ = ["at", "files", "gone_wrong"]

OF = ModelVersion("m", "")


@pytest.fixture
def reader(files):
    """A connection to the store."""
    with closing(connect_reader(files / "cli.db")) as connection:
        yield connection


@pytest.fixture
def whole(reader):
    """The period of all of its metrics."""
    return period_of(reader, OF)
