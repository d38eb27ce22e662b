"""The room that a store takes, with its write-ahead log."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from command import lines, modeltap
from modeltap.store.connection import connect, writing
from modeltap.store.disk_use import disk_use
from modeltap.wording import byte_size


def test_rows_in_the_log_count(store):
    """While an app has the store open, its newest rows are in the log only."""
    with closing(connect(store)) as connection:
        before = disk_use(store), store.stat().st_size
        with writing(connection):
            connection.execute("create table blob as select zeroblob(2000000) as bytes")
        assert store.stat().st_size == before[1]
        assert disk_use(store) >= before[0] + 2_000_000
        sizes = [disk_use(store)]
        (row,) = (row for row in _doctor(store) if row["check"] == "store")
        sizes.append(disk_use(store))
        assert any(f", {byte_size(size)}, " in row["finding"] for size in sizes)
    assert disk_use(store) == store.stat().st_size  # the last one that closes it empties the log


def _doctor(store):
    return lines(modeltap("doctor", "--store", store, "--json"))


def test_a_missing_store_has_no_size(store):
    """And a log without a store is none."""
    Path(f"{store}-wal").write_bytes(b"x")
    with pytest.raises(FileNotFoundError):
        disk_use(store)
