"""Leases: one leader at a time."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import time

import pytest

from modeltap import clock
from modeltap.errors import BusyError, StoreError
from modeltap.store.connection import connect
from modeltap.store.lease import HeldLease, Lease


def test_one_process_holds_the_lease_until_its_release(store):
    """Taking it again renews it; another process gets it only afterwards."""
    a, b = (Lease(connect(store), "x") for _ in range(2))
    assert a.hold() and a.hold() and not b.hold()
    assert a.held() and not b.held()
    a.release()
    assert b.hold() and not a.hold()


def test_an_expired_lease_is_taken_over_and_fences_its_old_holder(store):
    """The old leader detects on waking up that it lost the lease; the token has increased."""
    connection = connect(store)
    a, b = Lease(connection, "x", ttl=0.05), Lease(connect(store), "x")
    assert a.hold()
    time.sleep(0.1)
    assert not a.held()
    assert b.hold() and not a.hold()
    assert connection.execute("select token from leases").fetchone()[0] == 2


def test_a_lease_of_another_boot_expires_by_the_wall_clock(store):
    """The boot time of another host, or before a restart, is not comparable."""
    connection = connect(store)
    a, b = Lease(connection, "x", ttl=600), Lease(connection, "x")
    a._boot_id = "another boot"
    assert a.hold() and not b.hold()
    connection.execute(
        "update leases set expires = 1e12, expires_at = ?", (clock.iso(time.time() - 1),)
    )
    assert b.hold() and not a.hold()


@pytest.mark.parametrize(
    "error",
    [
        StoreError("unable to open database file"),
        sqlite3.OperationalError("database is locked"),
        sqlite3.DatabaseError("disk I/O error"),
    ],
)
def test_a_lease_is_renewed_after_an_attempt_that_failed(store, error, monkeypatch, eventually):
    """A process may have no descriptor free for a moment."""
    failures = [error]

    def connected(*arguments, **options):
        if failures:
            raise failures.pop()
        return connect(*arguments, **options)

    connection = connect(store)
    monkeypatch.setattr("modeltap.store.lease.connect", connected)
    expiry = "select expires from leases"
    with HeldLease(Lease(connection, "x", ttl=3.0), wait=0.0):
        (before,) = connection.execute(expiry).fetchone()
        assert eventually(lambda: connection.execute(expiry).fetchone()[0] > before)
        assert not failures


def test_waiting_ends_with_the_holders_name(store):
    """`BusyError` names the holder and the option to use."""
    a = Lease(connect(store), "x")
    a.hold()
    with (
        pytest.raises(BusyError, match=r"another analysis is running \(process \d+ on"),
        HeldLease(Lease(connect(store), "x"), wait=0.2),
    ):
        pass


def test_a_killed_holder_is_replaced_after_the_lease_expires(store):
    """A process killed by `kill -9` releases nothing."""
    code = (
        "import sys, time; from modeltap.store.connection import connect\n"
        "from modeltap.store.lease import Lease\n"
        "assert Lease(connect(sys.argv[1]), 'x', ttl=0.5).hold(); print('held', flush=True)\n"
        "time.sleep(60)"
    )
    connect(store)
    holder = subprocess.Popen([sys.executable, "-c", code, str(store)], stdout=subprocess.PIPE)
    assert holder.stdout is not None and holder.stdout.readline() == b"held\n"
    holder.kill()
    holder.wait()
    holder.stdout.close()
    with HeldLease(Lease(connect(store), "x"), wait=10) as lease:
        assert lease.held()


def test_a_transaction_requires_the_lease(store):
    """A process that lost the lease writes nothing, even after it began."""
    connection = connect(store)
    lease = Lease(connection, "x", ttl=0.05)
    assert lease.hold()
    with lease.transaction() as opened:
        opened.execute("insert into watermarks (name, value) values ('mine', 1)")
    time.sleep(0.1)
    with pytest.raises(BusyError, match="took over"), lease.transaction() as opened:
        opened.execute("update watermarks set value = 2")
    assert not connection.in_transaction
    assert connection.execute("select value from watermarks").fetchone()[0] == 1
