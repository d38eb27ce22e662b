"""Learning of references: from when on rows are learnt, which hours have how many, what alerted."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import NamedTuple

from modeltap.store.models import record_model


class EventSpan(NamedTuple):
    """A half-open span of event time, both as the store writes times."""

    start: str
    end: str


class FeatureAlert(NamedTuple):
    """A window in which a metric of a feature alerted."""

    metric: str
    feature: str | None
    span: EventSpan


def learn_from(connection: sqlite3.Connection, model: str, version: str) -> str:
    """Return the event time from which on rows are learnt; "" for all."""
    row = connection.execute(
        "select learn_from from models where model = ? and version = ?", (model, version)
    ).fetchone()
    return (row[0] if row else None) or ""


def provisional_start(connection: sqlite3.Connection, model: str, version: str) -> str | None:
    """Return the first event time of the provisional reference that counts; None without one.

    And None where the rows of that day do not count any more, whose times cannot be true.
    """
    row = connection.execute(
        'select from_time from "references" r where model = ? and version = ? and active '
        "and state = 'provisional' and exists (select 1 from event_days d "
        "where d.model = r.model and d.day = substr(r.from_time, 1, 10))",
        (model, version),
    ).fetchone()
    return row[0] if row else None


def restart_learning(connection: sqlite3.Connection, model: str, version: str, start: str) -> None:
    """Let rows from `start` on be learnt, and no reference count, inside the transaction."""
    record_model(connection, model, version)
    connection.execute(
        "update models set learn_from = ? where model = ? and version = ?", (start, model, version)
    )
    connection.execute(
        'update "references" set active = 0 where model = ? and version = ?', (model, version)
    )


def first_time(connection: sqlite3.Connection, model: str, version: str, start: str) -> str | None:
    """Return the event time of the first row at or after `start`, None if there is none."""
    row = connection.execute(
        "select event_time from predictions where model = ? and version = ? and event_time >= ? "
        "order by event_time limit 1",
        (model, version, start),
    ).fetchone()
    return row[0] if row else None


def nth_time(
    connection: sqlite3.Connection,
    model: str,
    version: str,
    start: str,
    number: int,
    but: Sequence[EventSpan] = (),
) -> str | None:
    """Return the event time of the row `number`, from 1, of those from `start` on.

    None while there are fewer. Rows in the spans `but` do not count.
    """
    left_out = "".join(" and not (event_time >= ? and event_time < ?)" for _ in but)
    row = connection.execute(
        "select event_time from predictions where model = ? and version = ? and event_time >= ?"
        f"{left_out} order by event_time, seq, row limit 1 offset ?",
        (model, version, start, *(time for span in but for time in span), number - 1),
    ).fetchone()
    return row[0] if row else None


def rows_by_hour(
    connection: sqlite3.Connection, model: str, version: str, span: EventSpan
) -> dict[str, int]:
    """Return how many rows each hour of a span has, by the hour's first 13 characters."""
    rows = connection.execute(
        "select substr(event_time, 1, 13), count(*) from predictions where model = ? "
        "and version = ? and event_time >= ? and event_time < ? group by 1 order by 1",
        (model, version, *span),
    )
    return dict(map(tuple, rows))


def alerts_of_features(
    connection: sqlite3.Connection,
    model: str,
    version: str,
    metrics: Sequence[str],
    span: EventSpan,
) -> list[FeatureAlert]:
    """Return where `metrics` alerted within a span, in order."""
    rows = connection.execute(
        "select metric, feature, window_start, window_end from metrics where model = ? "
        "and version = ? and verdict = 'alert' and window_start >= ? and window_start < ? "
        f"and metric in ({', '.join('?' * len(metrics))}) order by window_start",
        (model, version, *span, *metrics),
    )
    return [FeatureAlert(metric, feature, EventSpan(*ends)) for metric, feature, *ends in rows]


def delete_provisional(connection: sqlite3.Connection, model: str, version: str) -> None:
    """Delete references that counted only until one was learnt, and their windows, inside the
    transaction."""
    ids = connection.execute(
        'select id from "references" where model = ? and version = ? and not active '
        "and (state = 'provisional' or json_extract(payload, '$.inherited'))",
        (model, version),
    ).fetchall()
    for (one,) in ids:
        connection.execute("delete from windows where reference_id = ?", (one,))
        connection.execute("delete from reference_rows where reference_id = ?", (one,))
        connection.execute("delete from reference_blocks where reference_id = ?", (one,))
        connection.execute('delete from "references" where id = ?', (one,))
        for kind in ("counted", "cut:counted"):
            connection.execute("delete from watermarks where name like ?", (f"{kind}:{one}:%",))
