"""Damaged stores: detected as damaged, identified as stores, and moved aside once."""

from __future__ import annotations

import sqlite3

import pytest

from modeltap.store import damage
from modeltap.store.connection import connect


@pytest.fixture
def closed(store):
    connect(store).close()
    return store


def break_pages(store):
    with store.open("r+b") as file:
        for page in range(1, store.stat().st_size // 4096):
            file.seek(4096 * page)
            file.write(b"\xff" * 100)


def test_an_intact_store_passes_and_broken_pages_do_not(closed):
    """The error has SQLite's own code, so that it is recognized as damage."""
    connection = sqlite3.connect(closed)
    damage.check(connection, closed)
    connection.close()
    break_pages(closed)
    connection = sqlite3.connect(closed)
    with pytest.raises(sqlite3.DatabaseError) as error:
        damage.check(connection, closed)
    assert damage.is_damage(error.value) and "\n" not in str(error.value)
    damage.check(connection, closed, limit=1000)  # larger than the limit, so not checked
    connection.close()


def test_other_errors_are_not_damage(tmp_path):
    connection = sqlite3.connect(tmp_path / "x.db")
    with pytest.raises(sqlite3.OperationalError) as error:
        connection.execute("select nothing from nowhere")
    connection.close()
    assert not damage.is_damage(error.value) and not damage.is_damage(ValueError())


def test_another_programs_file_is_not_ours(closed, tmp_path):
    other = tmp_path / "other.db"
    other.write_bytes(b"SQLite format 3\x00" + b"\x00" * 5000)
    assert damage.is_ours(closed) and not damage.is_ours(other)
    assert not damage.is_ours(tmp_path / "nothing.db")


def test_a_damaged_store_is_moved_aside_once(closed):
    """A second process finds another file under the name and leaves it."""
    companion = closed.with_name("taps.db-wal")
    companion.write_bytes(b"log")
    damaged_inode = damage.inode(closed)
    aside = damage.move_aside(closed, damaged_inode)
    assert aside is not None and aside.exists() and not closed.exists()
    assert aside.with_name(f"{aside.name}-wal").read_bytes() == b"log" and not companion.exists()
    assert aside.name in damage.reason(aside)
    connect(closed).close()
    assert damage.move_aside(closed, damaged_inode) is None and closed.exists()
    closed.unlink()
    assert damage.inode(closed) == 0
