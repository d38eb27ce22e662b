"""Filling a store with rows, analysing it, and reading back what was found."""

from __future__ import annotations

import datetime
import json
import sqlite3
from contextlib import closing

from modeltap import clock
from modeltap.jobs.pipeline import Analyzer
from modeltap.store.connection import connect, writing

START = datetime.datetime(2024, 1, 1, tzinfo=datetime.UTC)


def put(
    store, moments, rows, *, model="m", version="", prefix="r", responses=None, environment=None
):
    """Store one exchange for each row, at its time."""
    with closing(connect(store)) as connection, writing(connection):
        _insert(connection, moments, rows, model, version, prefix, responses, environment)


def _insert(connection, moments, rows, model, version, prefix, responses, environment):
    for number, (moment, row) in enumerate(zip(moments, rows, strict=True)):
        when = moment.strftime("%Y-%m-%dT%H:%M:%S.%f")[:23] + "Z"
        connection.execute(
            "insert into exchanges (id, model, version, environment, source, started_at, "
            "event_time, status, duration_ms, sample_rate, request_type, request_body, "
            "response_body) "
            "values (?, ?, ?, ?, 'import', ?, ?, 200, 1, 1.0, 'application/json', ?, ?)",
            (
                f"{prefix}{number}",
                model,
                version,
                environment,
                when,
                when,
                json.dumps(row),
                json.dumps({"prediction": 1.0}) if responses is None else responses[number],
            ),
        )


def copied(store, target):
    """Copy a store with all that is committed; return the path of the copy."""
    with closing(sqlite3.connect(store)) as source, closing(sqlite3.connect(target)) as copy:
        source.backup(copy)
    return target


def analyze(store, said, **options):
    connection = connect(store)
    report = Analyzer(store, connection, said).run(**options)
    connection.close()
    return report


def read(store, sql, *values):
    connection = sqlite3.connect(store)
    connection.row_factory = sqlite3.Row
    rows = [dict(row) for row in connection.execute(sql, values)]
    connection.close()
    return rows


def every(minutes, count, first=0.0):
    return [START + datetime.timedelta(minutes=first + minutes * n) for n in range(count)]


def put_metric(connection, hour, metric, *, value=..., **columns):
    """Store a metric of a window of an hour of January 2024; its value is the hour, if not given.

    Columns that are not given have the values of a usual window of model "m".
    """
    start, end = (clock.iso(clock.parse("2024-01-01") + (hour + n) * clock.HOUR) for n in (0, 1))
    row = {
        "model": "m",
        "window": "1h",
        "window_start": start,
        "window_end": end,
        "rows": 9,
        "metric": metric,
        "value": float(hour) if value is ... else value,
        "verdict": "ok",
        "computed_at": "",
        **columns,
    }
    connection.execute(
        f"insert into metrics ({', '.join(row)}) values ({', '.join('?' * len(row))})",
        tuple(row.values()),
    )
