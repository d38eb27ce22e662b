"""Filling a store with rows, analysing it, and reading back what was found."""

from __future__ import annotations

import datetime
import json
import sqlite3

from modeltap.jobs.pipeline import Analyzer
from modeltap.store.connection import connect

START = datetime.datetime(2024, 1, 1, tzinfo=datetime.UTC)


def put(store, moments, rows, *, model="m", version="", prefix="r", responses=None):
    """Store one exchange for each row, at its time."""
    connection = connect(store)
    for number, (moment, row) in enumerate(zip(moments, rows, strict=True)):
        when = moment.strftime("%Y-%m-%dT%H:%M:%S.%f")[:23] + "Z"
        connection.execute(
            "insert into exchanges (id, model, version, source, started_at, event_time, status, "
            "duration_ms, sample_rate, request_type, request_body, response_body) "
            "values (?, ?, ?, 'import', ?, ?, 200, 1, 1.0, 'application/json', ?, ?)",
            (
                f"{prefix}{number}",
                model,
                version,
                when,
                when,
                json.dumps(row),
                json.dumps({"prediction": 1.0}) if responses is None else responses[number],
            ),
        )
    connection.close()


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
