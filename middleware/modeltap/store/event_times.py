"""Event times: rows by day, and rows with implausible event times."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Literal, NamedTuple

from modeltap.environments import environment_of

Reason = Literal["future", "stray", "unreadable"]

_OF_DAY = "model = ? and substr(event_time, 1, 10) = ?"


class RejectedTime(NamedTuple):
    """A row whose event time was rejected; `hour` is when the row was counted."""

    exchange_id: str
    row: int
    model: str
    version: str
    event_time: str | None
    hour: str
    reason: Reason


class CountedHour(NamedTuple):
    """The number of rows of a model counted in an hour, and of rejected event times.

    `environment` is "" for rows without one.
    """

    model: str
    environment: str
    hour: str
    rows: int
    rejected: int


def rows_by_day(connection: sqlite3.Connection, model: str) -> dict[str, int]:
    """Return the number of a model's rows by day of event time."""
    rows = connection.execute("select day, rows from event_days where model = ?", (model,))
    return dict(map(tuple, rows))


def add_days(connection: sqlite3.Connection, model: str, rows: Mapping[str, int]) -> None:
    """Add row counts to their days, inside the caller's transaction."""
    connection.executemany(
        "insert into event_days (model, day, rows) values (?, ?, ?) "
        "on conflict (model, day) do update set rows = rows + excluded.rows",
        [(model, day, count) for day, count in rows.items()],
    )


def add_counted(
    connection: sqlite3.Connection, model: str, environment: str, hour: str, rows: int
) -> None:
    """Add a row count to the hour of counting, inside the caller's transaction."""
    connection.execute(
        "insert into counted_hours (model, environment, hour, rows, due) values (?, ?, ?, ?, 1) "
        "on conflict (model, environment, hour) "
        "do update set rows = rows + excluded.rows, due = max(due, 1)",
        (model, environment, hour, rows),
    )


def reject(connection: sqlite3.Connection, rejected: Iterable[RejectedTime]) -> None:
    """Record rows with rejected event times, inside the caller's transaction."""
    connection.executemany(
        f"insert or replace into rejected_times ({', '.join(RejectedTime._fields)}) "
        "values (?, ?, ?, ?, ?, ?, ?)",
        rejected,
    )


def withdraw_days(
    connection: sqlite3.Connection, model: str, days: Collection[str], hour: str
) -> None:
    """Reject the rows of these days, which were accepted before, inside the transaction.

    Windows that contain no other rows are deleted with their metrics.
    """
    for day in days:
        connection.execute(
            "insert or replace into rejected_times select exchange_id, row, model, version, "
            f"event_time, ?, 'stray' from predictions where {_OF_DAY} and candidate = ''",
            (hour, model, day),
        )
        connection.execute(
            f"update predictions set event_time = null where {_OF_DAY} and candidate = ''",
            (model, day),
        )
    listed = ", ".join("?" * len(days))
    only = (
        f"model = ? and substr(first_event, 1, 10) in ({listed}) "
        f"and substr(last_event, 1, 10) in ({listed})"
    )
    values = (model, *days, *days)
    connection.execute(
        'delete from metrics where (model, version, "window", window_start) in (select model, '
        f'version, "window", evaluated_start from windows where {only})',
        values,
    )
    connection.execute(f"delete from windows where {only}", values)


def restore_days(
    connection: sqlite3.Connection, model: str, days: Collection[str]
) -> list[RejectedTime]:
    """Accept the stray rows of these days again, inside the transaction; return them."""
    restored = [
        RejectedTime(*row)
        for day in sorted(days)
        for row in connection.execute(
            f"select * from rejected_times where {_OF_DAY} and reason = 'stray'", (model, day)
        )
    ]
    keys = [(rejected.exchange_id, rejected.row) for rejected in restored]
    connection.executemany(
        "update predictions set event_time = ? where exchange_id = ? and row = ? "
        "and candidate = ''",
        [(rejected.event_time, *key) for rejected, key in zip(restored, keys, strict=True)],
    )
    connection.executemany("delete from rejected_times where exchange_id = ? and row = ?", keys)
    connection.executemany(
        "update counted_hours set due = 2 where model = ? and environment = ? and hour = ?",
        {(model, environment_of(rejected.version) or "", rejected.hour) for rejected in restored},
    )
    return restored


def rejected_rows(
    connection: sqlite3.Connection, model: str, exchange_ids: Sequence[str]
) -> set[tuple[str, int]]:
    """Return the rows (exchange id, row) of exchanges that have a rejected event time."""
    if not connection.execute(
        "select 1 from rejected_times where model = ? limit 1", (model,)
    ).fetchone():
        return set()
    rows = connection.execute(
        "select exchange_id, row from rejected_times "
        "where exchange_id in (select value from json_each(?))",
        (json.dumps(list(dict.fromkeys(exchange_ids))),),
    )
    return {(exchange_id, row) for exchange_id, row in rows}


def due_hours(connection: sqlite3.Connection) -> list[CountedHour]:
    """Return the unreported hours of each model, from the first hour with a rejected time on.

    Models without rejected times are left out.
    """
    counted = connection.execute(
        "select c.model, c.environment, c.hour, c.rows from counted_hours c where c.due = 2 "
        "or c.due and c.hour >= (select min(hour) from rejected_times r where r.model = c.model) "
        "order by 3, 1, 2"
    ).fetchall()
    return [
        CountedHour(model, environment, hour, rows, _rejected(connection, model, environment, hour))
        for model, environment, hour, rows in counted
    ]


def _rejected(connection: sqlite3.Connection, model: str, environment: str, hour: str) -> int:
    versions = connection.execute(
        "select version, count(*) from rejected_times where model = ? and hour = ? "
        "group by version",
        (model, hour),
    )
    return sum(
        count for version, count in versions if (environment_of(version) or "") == environment
    )


def mark_reported(connection: sqlite3.Connection, model: str, environment: str, hour: str) -> None:
    """Mark an hour as reported, inside the caller's transaction."""
    connection.execute(
        "update counted_hours set due = 0 where model = ? and environment = ? and hour = ?",
        (model, environment, hour),
    )


def has_rows(connection: sqlite3.Connection, model: str, least: int) -> bool:
    """Return True if a model has at least `least` rows with an event time."""
    row = connection.execute(
        "select ifnull(sum(rows), 0) >= ? from event_days where model = ?", (least, model)
    ).fetchone()
    return bool(row[0])
