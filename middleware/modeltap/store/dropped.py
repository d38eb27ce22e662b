"""Exchanges that capture dropped, as reported by each process."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import NamedTuple

from modeltap import clock

DROPPED = "dropped"
"""The watermark of the evaluated rows of `dropped`."""

RECOVERED_SECONDS = 3 * 3600.0
"""This long after the start of the last hour with a drop, two hours have passed without one."""

RECOVERED = "rule = 'capture_loss' and state = 'firing' and last_window_start <= :recovered"
"""Select the open alerts about dropped exchanges that have recovered."""


def record_dropped(
    connection: sqlite3.Connection,
    model: str,
    host: str,
    pid: int,
    counts: Mapping[str, int],
    *,
    environment: str | None = None,
) -> None:
    """Record how many exchanges a process dropped, by reason, inside the transaction.

    Args:
        environment: "" for exchanges without one, None if it is unknown.
    """
    source = model, environment, host, pid
    connection.executemany(
        "insert into dropped (model, environment, host, pid, reason, count, at) "
        "values (?, ?, ?, ?, ?, ?, ?)",
        [(*source, reason, count, clock.now()) for reason, count in counts.items()],
    )


def count_dropped(connection: sqlite3.Connection) -> int:
    """Return the total number of dropped exchanges."""
    return connection.execute("select sum(count) from dropped").fetchone()[0] or 0


def dropped_of(connection: sqlite3.Connection, model: str) -> int:
    """Return the number of dropped exchanges of a model, with those of unknown models."""
    row = connection.execute(
        "select ifnull(sum(count), 0) from dropped where model in (?, '')", (model,)
    ).fetchone()
    return int(row[0])


def newest_dropped(connection: sqlite3.Connection) -> int:
    """Return the `seq` of the last row, 0 if there is none."""
    return connection.execute("select max(seq) from dropped").fetchone()[0] or 0


def recovered_incidents(connection: sqlite3.Connection, now: float) -> list[sqlite3.Row]:
    """Return the open alerts about dropped exchanges that have recovered."""
    return connection.execute(
        f"select model, version, last_window_start from alerts where {RECOVERED}",
        {"recovered": clock.iso(now - RECOVERED_SECONDS)},
    ).fetchall()


class Loss(NamedTuple):
    """A capture loss of a model in an environment, recorded at `at`."""

    model: str
    environment: str
    at: str


def losses_after(connection: sqlite3.Connection, seq: int, *, unknown: str) -> list[Loss]:
    """Return the losses after `seq`.

    Args:
        unknown: the environment of losses whose environment is not recorded.
    """
    rows = connection.execute(
        "select model, ifnull(environment, ?), at from dropped where seq > ?", (unknown, seq)
    )
    return [Loss(*row) for row in rows]


class LossesOfReason(NamedTuple):
    """The number of exchanges lost for one reason; 0 if the reason alone is the message."""

    reason: str
    exchanges: int


def losses_by_reason(
    connection: sqlite3.Connection,
    model: str,
    environment: str,
    start: str,
    end: str,
    *,
    unknown: str,
) -> list[LossesOfReason]:
    """Return the losses in the half-open period, most frequent reason first.

    Args:
        unknown: the environment of losses whose environment is not recorded.
    """
    rows = connection.execute(
        "select reason, sum(count) from dropped where model = ? and ifnull(environment, ?) = ? "
        "and at >= ? and at < ? group by reason order by 2 desc",
        (model, unknown, environment, start, end),
    )
    return [LossesOfReason(*row) for row in rows]
