"""The last start of each job, and whether the last analysis finished."""

from __future__ import annotations

import sqlite3

from modeltap import clock

ANALYSIS = "analyze"
"""The job whose end is recorded, too."""


def job_time(connection: sqlite3.Connection, job: str) -> float:
    """Return when `job` was last started, in Unix seconds; 0 if never."""
    row = connection.execute("select started_at from job_times where job = ?", (job,)).fetchone()
    return (clock.parse(row[0]) or 0.0) if row else 0.0


def record_job_time(connection: sqlite3.Connection, job: str, moment: float) -> None:
    """Record that `job` is started at `moment`, inside the caller's transaction.

    The time is truncated to seconds, so that a cron time within the current second is past.
    """
    connection.execute(
        "insert or replace into job_times (job, started_at) values (?, ?)",
        (job, clock.iso(int(moment))),
    )


def begin_pass(connection: sqlite3.Connection) -> None:
    """Record that an analysis is running: if it is killed, the next one resumes the work."""
    connection.execute(
        "insert or replace into job_times (job, started_at) values (?, ?)",
        (ANALYSIS, clock.now()),
    )


def end_pass(connection: sqlite3.Connection) -> None:
    """Record that an analysis has finished."""
    connection.execute(
        "update job_times set finished_at = ? where job = ?", (clock.now(), ANALYSIS)
    )
