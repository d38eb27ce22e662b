"""What capture lost, as each process told it."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping

from modeltap import clock
from modeltap.store.watermarks import watermark

JUDGED = "dropped"
"""The watermark of the rows of `dropped` that were evaluated."""

CALM_SECONDS = 3 * 3600.0
"""So long after the beginning of the last hour with a loss two hours without one are over."""


def write_losses(
    connection: sqlite3.Connection, model: str, host: str, pid: int, losses: Mapping[str, int]
) -> None:
    """Note how many exchanges a process had to drop, by reason."""
    rows = [(model, host, pid, reason, count, clock.now()) for reason, count in losses.items()]
    connection.executemany(
        "insert into dropped (model, host, pid, reason, count, at) values (?, ?, ?, ?, ?, ?)", rows
    )


def newest_loss(connection: sqlite3.Connection) -> int:
    """Return the number of the last loss, 0 if there is none."""
    return connection.execute("select max(seq) from dropped").fetchone()[0] or 0


def calm_incidents(connection: sqlite3.Connection, now: float) -> list[sqlite3.Row]:
    """Return the open alerts about losses that are over."""
    return connection.execute(
        "select model, last_window_start from alerts where rule = 'capture_loss' "
        "and state = 'firing' and last_window_start <= ?",
        (clock.iso(now - CALM_SECONDS),),
    ).fetchall()


def losses_due(connection: sqlite3.Connection, now: float) -> bool:
    """Say whether an analysis would raise or end an alert about losses; `now` in Unix seconds."""
    return newest_loss(connection) > watermark(connection, JUDGED) or bool(
        calm_incidents(connection, now)
    )
