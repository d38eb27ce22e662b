"""`modeltap tail` of a store that is pruned, removed, replaced or damaged."""

from __future__ import annotations

import signal
import subprocess
import sys
from contextlib import closing

import pytest

from modeltap.cli.following import Following
from modeltap.store.connection import connect, connect_reader
from modeltap.store.exchanges import newest_exchange
from stores import every, put


@pytest.fixture
def notes():
    return []


@pytest.fixture
def following(store, notes):
    """A store with three exchanges that were printed already."""
    put(store, every(1, 3), [{"x": n} for n in range(3)])
    connection = connect_reader(store)
    yield Following(store, connection, None, newest_exchange(connection), notes.append)
    connection.close()


def ids(rows):
    return [row["id"] for row in rows]


def test_new_exchanges_are_returned_once(following, store, notes):
    assert following.read() == []
    put(store, every(1, 2), [{"x": 1}] * 2, prefix="new")
    assert ids(following.read()) == ["new0", "new1"] and following.read() == []
    assert notes == []


def test_retention_does_not_repeat_or_lose_any(following, store):
    """Even if all earlier ones are deleted."""
    with closing(connect(store)) as connection:
        connection.execute("delete from exchanges")
    assert following.read() == []
    put(store, every(1, 1), [{"x": 1}], prefix="new")
    assert ids(following.read()) == ["new0"]


def test_a_burst_is_read_in_parts(following, store, monkeypatch):
    monkeypatch.setattr("modeltap.cli.following._AT_ONCE", 2)
    put(store, every(1, 5), [{"x": 1}] * 5, prefix="new")
    parts = [ids(following.read()) for _ in range(4)]
    assert parts == [["new0", "new1"], ["new2", "new3"], ["new4"], []]


def test_a_replaced_store_is_followed_from_its_start(following, store, notes):
    """Exchanges that were written to the first one are read before."""
    put(store, every(1, 1), [{"x": 1}], prefix="last")
    store.rename(store.with_suffix(".old"))
    assert ids(following.read()) == ["last0"]
    assert following.read() == [] and following.read() == []
    assert notes == ["the store was removed; waiting for a new one"]
    for suffix in ("-wal", "-shm"):
        store.with_name(store.name + suffix).unlink(missing_ok=True)
    put(store, every(1, 2), [{"x": 1}] * 2, prefix="new")
    assert following.read() == []
    assert notes[1:] == ["the store was replaced; following the new one"]
    assert ids(following.read()) == ["new0", "new1"]


def test_a_damaged_store_is_waited_for(following, store, notes):
    """Its app moves it aside and starts a new one."""
    with closing(connect(store)) as connection:
        connection.execute("pragma wal_checkpoint(truncate)")
    content = bytearray(store.read_bytes())
    content[100:] = b"\xff" * (len(content) - 100)
    store.write_bytes(content)
    assert following.read() == [] and following.read() == []
    assert len(notes) <= 1 and all("waiting" in note for note in notes)
    store.rename(store.with_suffix(".damaged"))
    for suffix in ("-wal", "-shm"):
        store.with_name(store.name + suffix).unlink(missing_ok=True)
    put(store, every(1, 1), [{"x": 1}], prefix="new")
    assert [row for _ in range(3) for row in ids(following.read())] == ["new0"]


def test_ctrl_c_ends_it_without_a_message(store):
    put(store, every(1, 1), [{"x": 1}])
    with subprocess.Popen(
        [sys.executable, "-u", "-m", "modeltap", "tail", "--store", store],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # In the background, shells ignore Ctrl-C, and child processes inherit that.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    ) as process:
        assert "r0" in process.stdout.readline()
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (130, "")
