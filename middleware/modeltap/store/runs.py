"""Finished work: each job runs once for each window."""

from __future__ import annotations

import os
import socket
import sqlite3

from modeltap.clock import now


def is_done(connection: sqlite3.Connection, job: str, window: str) -> bool:
    """Return True if `job` was done for `window`."""
    row = connection.execute("select 1 from runs where job = ? and window = ?", (job, window))
    return row.fetchone() is not None


def claim_run(connection: sqlite3.Connection, job: str, window: str) -> bool:
    """Record that `job` is done for `window`, inside the transaction that does it.

    Returns False if it was done before; the key (job, window) is unique across all workers.
    """
    cursor = connection.execute(
        "insert or ignore into runs (job, window, done_at, pid, host) values (?, ?, ?, ?, ?)",
        (job, window, now(), os.getpid(), socket.gethostname()),
    )
    return cursor.rowcount == 1
