"""Facts that another system has not received yet, and the state of sending them.

Each system has watermarks: the last row of `metrics` and the last change of an alert that it got.
"""

from __future__ import annotations

import sqlite3
from typing import Any, NamedTuple

from modeltap import clock
from modeltap.store.models import ModelVersion
from modeltap.store.watermarks import watermark


class UnsentMetric(NamedTuple):
    """A metric of a window that was evaluated since the last sending."""

    id: int
    model: str
    version: str
    metric: str
    feature: str | None
    segment: str | None
    value: float
    window: str
    window_end: str


class SendingState(NamedTuple):
    """The state of sending to a system.

    Attributes:
        succeeded_at: when everything was last accepted; None if never.
        failed_at: when it failed, if that was later; None else.
        error: why.
        retry_at: do not try before that time, as the receiver asked.
        rejected: the number of values that the receiver has refused for good.
    """

    succeeded_at: str | None = None
    failed_at: str | None = None
    error: str | None = None
    retry_at: str | None = None
    rejected: int = 0


def metrics_after(connection: sqlite3.Connection, after: int, limit: int) -> list[UnsentMetric]:
    """Return the first `limit` metrics with a value after a row's id, in the order of writing."""
    rows = connection.execute(
        f"select {', '.join(UnsentMetric._fields)} from metrics where id > ? "
        "and value is not null order by id limit ?",
        (after, limit),
    )
    return [UnsentMetric(*row) for row in rows]


def metrics_of_version(
    connection: sqlite3.Connection, of: ModelVersion, after: int, limit: int
) -> list[UnsentMetric]:
    """Return the first `limit` metrics of a version after a row's id, as `metrics_after`."""
    rows = connection.execute(
        f"select {', '.join(UnsentMetric._fields)} from metrics where id > ? and model = ? "
        "and version = ? and value is not null order by id limit ?",
        (after, *of, limit),
    )
    return [UnsentMetric(*row) for row in rows]


def changes_after(connection: sqlite3.Connection, after: int, limit: int) -> list[dict[str, Any]]:
    """Return the first `limit` changes of alerts after one, with the columns of the alert.

    `changed_to` is the state that the change led to: pending ones and notes are left out.
    """
    rows = connection.execute(
        "select h.seq, h.state as changed_to, h.at, a.* from alert_history h "
        "join alerts a on a.id = h.alert_id where h.seq > ? "
        "and h.state in ('firing', 'resolved', 'no_data', 'error') order by h.seq limit ?",
        (after, limit),
    )
    return [dict(row) for row in rows]


def begin_sending(connection: sqlite3.Connection, system: str) -> None:
    """Start a system's watermarks at the newest rows if it has none, inside the transaction.

    What happened before a system was configured is not sent to it.
    """
    for name, query in (
        (metrics_sent(system), "select ifnull(max(id), 0) from metrics"),
        (changes_sent(system), "select ifnull(max(seq), 0) from alert_history"),
    ):
        connection.execute(
            f"insert or ignore into watermarks (name, value) values (?, ({query}))", (name,)
        )


def metrics_sent(system: str) -> str:
    """Return the name of the watermark of metrics."""
    return f"{system}: metrics"


def changes_sent(system: str) -> str:
    """Return the name of the watermark of changes of alerts."""
    return f"{system}: alerts"


def count_unsent(connection: sqlite3.Connection, system: str) -> int:
    """Return the number of metrics that wait for a system."""
    row = connection.execute(
        "select count(*) from metrics where id > ? and value is not null",
        (watermark(connection, metrics_sent(system)),),
    ).fetchone()
    return int(row[0])


def sending_state(connection: sqlite3.Connection, system: str) -> SendingState:
    """Return the state of sending to a system."""
    row = connection.execute(
        f"select {', '.join(SendingState._fields)} from sendings where system = ?", (system,)
    ).fetchone()
    return SendingState() if row is None else SendingState(*row)


def record_sending(
    connection: sqlite3.Connection,
    system: str,
    *,
    error: str | None,
    retry_at: float | None,
    rejected: int,
) -> None:
    """Record the end of an attempt, inside the caller's transaction.

    Args:
        error: why it failed; None if everything was accepted.
        retry_at: Unix seconds.
        rejected: refused values of this attempt.
    """
    before = sending_state(connection, system)
    moment = clock.now()
    connection.execute(
        "insert or replace into sendings (system, succeeded_at, failed_at, error, retry_at, "
        "rejected) values (?, ?, ?, ?, ?, ?)",
        (
            system,
            before.succeeded_at if error else moment,
            moment if error else None,
            error,
            None if retry_at is None else clock.iso(retry_at),
            before.rejected + rejected,
        ),
    )
