"""Facts about modeltap itself: losses, jobs, the process that analyses, waiting exchanges."""

from __future__ import annotations

import sqlite3
from typing import Any


def drops_by_reason(connection: sqlite3.Connection) -> list[dict[str, Any]]:
    """Return what capture lost, by model and reason, the latest first."""
    rows = connection.execute(
        "select model, environment, reason, sum(count) as exchanges, max(at) as last_at "
        "from dropped group by model, environment, reason order by last_at desc limit 100"
    )
    return [dict(row) for row in rows]


def shortfalls_by_reason(connection: sqlite3.Connection) -> list[dict[str, Any]]:
    """Return which parts of exchanges were missing, by model and reason, most frequent first."""
    rows = connection.execute(
        "select model, environment, part, reason, sum(count) as exchanges, max(hour) as last_hour "
        "from shortfalls where reason <> '' group by model, environment, part, reason "
        "order by exchanges desc limit 100"
    )
    return [dict(row) for row in rows]


def recent_runs(connection: sqlite3.Connection, limit: int = 20) -> list[dict[str, Any]]:
    """Return the scheduler's last child processes, newest first."""
    rows = connection.execute(
        "select job, started_at, finished_at, exit, pid, host, log from child_runs "
        "order by id desc limit ?",
        (limit,),
    )
    return [dict(row) for row in rows]


def lease_holders(connection: sqlite3.Connection) -> list[dict[str, Any]]:
    """Return who holds which lease, and until when."""
    rows = connection.execute("select name, owner, expires_at from leases order by name")
    return [dict(row) for row in rows]


def waiting_exchanges(connection: sqlite3.Connection) -> int:
    """Return the number of exchanges that no analysis has read."""
    row = connection.execute(
        "select ifnull((select max(seq) from exchanges), 0) - "
        "ifnull((select value from watermarks where name = 'seen'), 0)"
    ).fetchone()
    return max(0, int(row[0]))


def sampled_out(connection: sqlite3.Connection) -> float:
    """Return the estimated number of analysed requests that sampling did not write."""
    row = connection.execute("select ifnull(sum(unkept), 0) from traffic").fetchone()
    return float(row[0])
