"""When each job was run last, and whether the last analysis came to its end."""

from __future__ import annotations

import sqlite3

from modeltap import clock

ANALYSIS = "analyze"
"""The job whose end is noted, too."""


def job_time(connection: sqlite3.Connection, job: str) -> float:
    """Return when `job` was last started, in Unix seconds; 0 if it never was."""
    row = connection.execute("select started_at from job_times where job = ?", (job,)).fetchone()
    return (clock.parse(row[0]) or 0.0) if row else 0.0


def record_job_time(connection: sqlite3.Connection, job: str, moment: float) -> None:
    """Note that `job` is started at `moment`, inside the caller's transaction.

    Kept are whole seconds: a cron time within the current second counts as past.
    """
    connection.execute(
        "insert or replace into job_times (job, started_at) values (?, ?)",
        (job, clock.iso(int(moment))),
    )


def begin_pass(connection: sqlite3.Connection) -> None:
    """Note that an analysis is at work: if it is killed, the next one has work to do."""
    connection.execute(
        "insert or replace into job_times (job, started_at) values (?, ?)",
        (ANALYSIS, clock.now()),
    )


def end_pass(connection: sqlite3.Connection) -> None:
    """Note that an analysis has evaluated all that was due."""
    connection.execute(
        "update job_times set finished_at = ? where job = ?", (clock.now(), ANALYSIS)
    )
