"""The room that a store takes, with its write-ahead log."""

from __future__ import annotations

from contextlib import closing

import pytest

from command import lines, modeltap
from modeltap.store.connection import connect, writing
from modeltap.store.disk_use import disk_use
from modeltap.wording import byte_size


def test_rows_in_the_log_count(store):
    """While an app has the store open, its newest rows are in the log only."""
    with closing(connect(store)) as connection:
        before = disk_use(connection), store.stat().st_size
        with writing(connection):
            connection.execute("create table blob as select zeroblob(2000000) as bytes")
        assert store.stat().st_size == before[1]
        assert disk_use(connection) >= before[0] + 2_000_000
        sizes = [disk_use(connection)]
        (row,) = (row for row in _doctor(store) if row["check"] == "store")
        sizes.append(disk_use(connection))
        assert any(f", {byte_size(size)}, " in row["finding"] for size in sizes)


def _doctor(store):
    return lines(modeltap("doctor", "--store", store, "--json"))


def test_a_removed_store_has_no_size(store):
    """An app may have it open still."""
    with closing(connect(store)) as connection:
        store.unlink()
        with pytest.raises(FileNotFoundError):
            disk_use(connection)


def test_a_store_in_the_home_folder_is_found(store, monkeypatch):
    """Variables and settings are not expanded by a shell."""
    monkeypatch.setenv("HOME", str(store.parent))
    connect(store).close()
    assert str(store) in modeltap("doctor", "--store", f"~/{store.name}")
