"""Finished child processes of the scheduler, with their exit codes and logs."""

from __future__ import annotations

import os
import sqlite3
from typing import NamedTuple

from modeltap.clock import now

_KEPT = 10_000
"""Number of rows to keep for each job: about a month of analyses at the default interval."""

_RECENT = 5
"""A failure is reported only if it is among the last five child processes."""


class ChildRun(NamedTuple):
    """A finished child process."""

    started_at: str
    finished_at: str
    exit: int
    log: str


def record_child_run(
    connection: sqlite3.Connection, job: str, started_at: str, exit_code: int, pid: int, log: str
) -> None:
    """Record a child process that has just ended, and delete the job's oldest ones.

    Runs inside the caller's transaction.

    Args:
        log: the end of its standard error.
    """
    connection.execute(
        "insert into child_runs (job, started_at, finished_at, exit, pid, host, log) "
        "values (?, ?, ?, ?, ?, ?, ?)",
        (job, started_at, now(), exit_code, pid, os.uname().nodename, log),
    )
    connection.execute(
        "delete from child_runs where job = ? and id <= (select max(id) from child_runs) - ?",
        (job, _KEPT),
    )


def last_child_runs(connection: sqlite3.Connection, job: str, limit: int) -> list[ChildRun]:
    """Return the last `limit` child processes of `job`, newest first."""
    rows = connection.execute(
        "select started_at, finished_at, exit, log from child_runs where job = ? "
        "order by id desc limit ?",
        (job, limit),
    )
    return [ChildRun(*row) for row in rows]


def newest_failure(connection: sqlite3.Connection, job: str) -> ChildRun | None:
    """Return the newest failed child process of `job` among the last few of all jobs."""
    row = connection.execute(
        "select started_at, finished_at, exit, log from child_runs where job = ? and exit <> 0 "
        "and id > (select max(id) from child_runs) - ? order by id desc limit 1",
        (job, _RECENT),
    ).fetchone()
    return None if row is None else ChildRun(*row)
