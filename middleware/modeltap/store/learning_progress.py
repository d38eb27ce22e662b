"""Progress of learning a reference: the start of learning, rows by hour, and alerts."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import NamedTuple

from modeltap.store.models import record_model
from modeltap.store.predictions import own_rows


class EventSpan(NamedTuple):
    """A half-open span of event time, as timestamps of the store."""

    start: str
    end: str


class FeatureAlert(NamedTuple):
    """A window in which a metric of a feature had the verdict `alert`."""

    metric: str
    feature: str | None
    span: EventSpan


def learn_from(connection: sqlite3.Connection, model: str, version: str) -> str:
    """Return the event time from which rows are used for learning; "" for all rows."""
    row = connection.execute(
        "select learn_from from models where model = ? and version = ?", (model, version)
    ).fetchone()
    return (row[0] if row else None) or ""


def provisional_start(connection: sqlite3.Connection, model: str, version: str) -> str | None:
    """Return the first event time of the active provisional reference; None without one.

    Also None if the rows of that day were rejected because of implausible event times.
    """
    row = connection.execute(
        'select from_time from "references" r where model = ? and version = ? and active '
        "and state = 'provisional' and exists (select 1 from event_days d "
        "where d.model = r.model and d.day = substr(r.from_time, 1, 10))",
        (model, version),
    ).fetchone()
    return row[0] if row else None


def restart_learning(connection: sqlite3.Connection, model: str, version: str, start: str) -> None:
    """Restart learning with the rows from `start` on, and deactivate the reference."""
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
        f"select event_time from predictions where {own_rows(version)} "
        "and event_time >= ? order by event_time limit 1",
        (model, version, start),
    ).fetchone()
    return row[0] if row else None


def nth_time(
    connection: sqlite3.Connection,
    model: str,
    version: str,
    start: str,
    number: int,
    excluded: Sequence[EventSpan] = (),
) -> str | None:
    """Return the event time of the row `number`, counted from 1 at `start`.

    None if there are fewer rows. Rows in the spans `excluded` are skipped.
    """
    exclusions = "".join(" and not (event_time >= ? and event_time < ?)" for _ in excluded)
    row = connection.execute(
        f"select event_time from predictions where {own_rows(version)} "
        f"and event_time >= ?{exclusions} order by event_time, seq, row limit 1 offset ?",
        (model, version, start, *(time for span in excluded for time in span), number - 1),
    ).fetchone()
    return row[0] if row else None


def rows_by_hour(
    connection: sqlite3.Connection, model: str, version: str, span: EventSpan
) -> dict[str, int]:
    """Return the number of rows by hour of a span; keys are the first 13 characters of a time."""
    rows = connection.execute(
        f"select substr(event_time, 1, 13), count(*) from predictions where {own_rows(version)} "
        "and event_time >= ? and event_time < ? "
        "group by 1 order by 1",
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
    """Return the windows of a span in which `metrics` alerted, in order."""
    rows = connection.execute(
        "select metric, feature, window_start, window_end from metrics where model = ? "
        "and version = ? and verdict = 'alert' and window_start >= ? and window_start < ? "
        f"and metric in ({', '.join('?' * len(metrics))}) order by window_start",
        (model, version, *span, *metrics),
    )
    return [FeatureAlert(metric, feature, EventSpan(*ends)) for metric, feature, *ends in rows]


def delete_provisional(connection: sqlite3.Connection, model: str, version: str) -> None:
    """Delete inactive provisional and inherited references with their windows."""
    ids = connection.execute(
        'select id from "references" where model = ? and version = ? and not active '
        "and (state = 'provisional' or json_extract(payload, '$.inherited'))",
        (model, version),
    ).fetchall()
    for (id_,) in ids:
        connection.execute("delete from windows where reference_id = ?", (id_,))
        connection.execute("delete from reference_rows where reference_id = ?", (id_,))
        connection.execute("delete from reference_blocks where reference_id = ?", (id_,))
        connection.execute('delete from "references" where id = ?', (id_,))
        for kind in ("counted", "cut:counted"):
            connection.execute("delete from watermarks where name like ?", (f"{kind}:{id_}:%",))
