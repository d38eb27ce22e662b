"""Leader election by a lease row: the holder works; an expired lease can be taken over.

The lease only avoids duplicate work. Correctness rests on `UNIQUE(job, window)` and the
watermarks.
"""

from __future__ import annotations

import os
import socket
import sqlite3
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from modeltap import clock
from modeltap.errors import BusyError, StoreError
from modeltap.store.connection import connect, file_of, writing

TTL_SECONDS = 30.0

TAKEN_OVER = "another analysis took over; nothing was counted twice; run the command again"
"""The message of a `BusyError` if another process has done or is doing the work."""


class Lease:
    """A named lease in one store; renewed by `hold`, released by `release`.

    Expiry uses CLOCK_BOOTTIME, which is unaffected by changes of the wall clock. A lease from
    another boot (of another host on the same disk, or of this host before a restart) expires by
    the wall clock.
    """

    def __init__(self, connection: sqlite3.Connection, name: str, ttl: float = TTL_SECONDS) -> None:
        self._connection = connection
        self.name = name
        self.ttl = ttl
        self.owner = f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"
        self._boot_id = boot_id()

    def hold(self) -> bool:
        """Take or renew the lease; return False while another process holds it."""
        now = boottime()
        with writing(self._connection):
            changed = self._connection.execute(
                "insert into leases (name, owner, boot_id, expires, expires_at, token) "
                "values (:name, :owner, :boot, :expires, :expires_at, 1) "
                "on conflict (name) do update set token = token + (owner <> excluded.owner), "
                "owner = excluded.owner, boot_id = excluded.boot_id, expires = excluded.expires, "
                "expires_at = excluded.expires_at where owner = excluded.owner "
                "or (boot_id = excluded.boot_id and expires <= :now) "
                "or (boot_id <> excluded.boot_id and expires_at <= :wall)",
                {
                    "name": self.name,
                    "owner": self.owner,
                    "boot": self._boot_id,
                    "now": now,
                    "expires": now + self.ttl,
                    "expires_at": clock.iso(time.time() + self.ttl),
                    "wall": clock.now(),
                },
            ).rowcount
        return changed == 1

    def held(self) -> bool:
        """Return True if this process still holds the lease."""
        row = self._connection.execute(
            "select owner, expires from leases where name = ?", (self.name,)
        ).fetchone()
        return row is not None and row[0] == self.owner and row[1] > boottime()

    def is_taken(self) -> bool:
        """Return True if any process holds the lease."""
        row = self._connection.execute(
            "select 1 from leases where name = ? and iif(boot_id = ?, expires > ?, expires_at > ?)",
            (self.name, self._boot_id, boottime(), clock.now()),
        ).fetchone()
        return row is not None

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Run a write transaction, as `writing` does, while this process holds the lease.

        Raises `BusyError` when the lease is no longer held: another process does the work.
        """
        with writing(self._connection) as connection:
            if not self.held():
                raise BusyError(TAKEN_OVER)
            yield connection

    def release(self) -> None:
        """Release the lease if this process still holds it."""
        with writing(self._connection):
            self._connection.execute(
                "delete from leases where name = ? and owner = ?", (self.name, self.owner)
            )

    def holder(self) -> str:
        """Return a description of the lease's holder for messages."""
        row = self._connection.execute(
            "select owner from leases where name = ?", (self.name,)
        ).fetchone()
        if row is None:
            return "a process that has just finished"
        host, pid, _ = str(row[0]).rsplit(":", 2)
        return f"process {pid} on {host}"


class HeldLease:
    """Hold a lease during a ``with`` block and renew it from a thread.

    Waits up to `wait` seconds for the lease, then raises `BusyError` that names the holder.
    """

    def __init__(self, lease: Lease, wait: float) -> None:
        self._lease = lease
        self._wait = wait
        self._is_released = threading.Event()

    def __enter__(self) -> Lease:
        deadline = time.monotonic() + self._wait
        while not self._lease.hold():
            if time.monotonic() >= deadline:
                raise BusyError(
                    f"another analysis is running ({self._lease.holder()}); wait for it to finish "
                    "or pass --wait SECONDS"
                )
            time.sleep(0.1)
        path = file_of(self._lease._connection)
        threading.Thread(target=self._renew, args=(path,), daemon=True).start()
        return self._lease

    def __exit__(self, *_: object) -> None:
        self._is_released.set()
        self._lease.release()

    def _renew(self, path: Path) -> None:
        """Renew the lease, in a thread, until it is released or another process holds it."""
        while not self._is_released.wait(self._lease.ttl / 3):
            try:
                if not self._is_renewed(path):
                    return
            except (StoreError, sqlite3.Error):
                continue  # the store is busy; the lease lasts long enough for another attempt

    def _is_renewed(self, path: Path) -> bool:
        with closing(connect(path, create=False)) as connection:
            lease = Lease(connection, self._lease.name, self._lease.ttl)
            lease.owner = self._lease.owner
            return lease.held() and lease.hold()


def boottime() -> float:
    """Return the seconds since the machine booted, including sleep."""
    clock = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
    return time.clock_gettime(clock)


def boot_id() -> str:
    """Return an identifier of the machine's current boot."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return socket.gethostname()
