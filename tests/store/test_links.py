"""Symbolic links where the store's files are: followed to a store, never written through."""

from __future__ import annotations

import pytest

from modeltap.errors import StoreError
from modeltap.store import reserve
from modeltap.store.connection import connect, writing


@pytest.fixture
def link(tmp_path):
    """A link to a store in another folder."""
    (tmp_path / "data").mkdir()
    target = tmp_path / "data" / "real.db"
    connect(target).close()
    found = tmp_path / "taps.db"
    found.symlink_to(target)
    return found


def test_a_link_to_a_store_is_that_store(link):
    """Its companions lie beside the store itself, as private as it is; the link stays one."""
    connection = connect(link)
    with writing(connection):
        connection.execute("insert into watermarks values ('x', 1)")
    modes = {p.name: p.stat().st_mode & 0o777 for p in link.resolve().parent.iterdir()}
    assert modes == dict.fromkeys(("real.db", "real.db-wal", "real.db-shm"), 0o600)
    assert link.is_symlink() and sorted(link.parent.glob("*")) == [link.with_name("data"), link]
    connection.close()
    found = connect(link.resolve()).execute("select value from watermarks where name = 'x'")
    assert found.fetchone()[0] == 1


@pytest.mark.parametrize("there", [False, True], ids=["dangling", "to a file"])
def test_the_reserve_is_never_written_through_a_link(tmp_path, store, there):
    """Whoever may write into the folder can name another's file there: it is left as it is."""
    connect(store).close()
    victim = tmp_path / "victim"
    if there:
        victim.write_text("theirs")
    link = store.with_name("taps.db-reserve")
    link.symlink_to(victim)
    reserve.keep(store)
    assert victim.exists() == there and link.is_symlink()
    assert reserve.give_up(store) and not link.is_symlink()
    assert not there or victim.read_text() == "theirs"
    reserve.keep(store)
    assert link.stat().st_size == 4 * 1024 * 1024 and link.stat().st_mode & 0o777 == 0o600


def test_a_link_to_nothing_is_no_store(tmp_path):
    """SQLite would make the file behind it, for all to read."""
    link = tmp_path / "link.db"
    link.symlink_to(tmp_path / "behind.db")
    with pytest.raises(StoreError, match="is a link to a file that is not there"):
        connect(link)
    assert not (tmp_path / "behind.db").exists()
