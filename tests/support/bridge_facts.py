"""Fixtures: a store with metrics and alerts that are written by hand, in a moment."""

from __future__ import annotations

import json
from contextlib import closing

import pytest

from modeltap.store.alert_history import record_change
from modeltap.store.alerts import put_alert
from modeltap.store.connection import connect, writing
from modeltap.store.metrics import METRIC_COLUMNS, save_metrics
from modeltap.store.models import record_model
from stores import every, put

TRACE = "0af7651916cd43dd8448eb211c80319c"
HOUR = "2026-01-01T{:02}:00:00.000Z"


def metric_row(metric, value, hour=0, **columns):
    """Return a row of the table `metrics` for an hour of a day."""
    known = {
        "model": "m",
        "version": "",
        "window": "1h",
        "window_start": HOUR.format(hour),
        "window_end": HOUR.format(hour + 1),
        "rows": 100,
        "metric": metric,
        "value": value,
        "verdict": "ok",
        "at_once": 0,
        "in_reference": 0,
        "computed_at": HOUR.format(hour + 1),
        **columns,
    }
    return {name: known.get(name) for name in METRIC_COLUMNS}


class Facts:
    """A store, and what happens to it."""

    def __init__(self, path):
        self.path = path
        put(path, every(1, 3), [{"x": 1}] * 3)
        with closing(connect(path)) as connection, writing(connection):
            connection.execute("update exchanges set trace_id = ? where id = 'r0'", (TRACE,))
            record_model(connection, "m", "")

    def evaluate(self, *rows):
        """Store metrics."""
        with closing(connect(self.path)) as connection, writing(connection):
            save_metrics(connection, rows)

    def fire(self, name="a1", *, state="firing", model="m", summary="m: 'red' is new", **columns):
        """Store a change of an alert."""
        alert = {
            "id": name,
            "fingerprint": name,
            "rule": "data_drift",
            "model": model,
            "version": "",
            "metric": "drift",
            "feature": "color",
            "segment": None,
            "severity": "critical",
            "state": state,
            "window": "1h",
            "window_start": HOUR.format(1),
            "window_end": HOUR.format(2),
            "last_window_start": HOUR.format(1),
            "value": 0.4,
            "threshold": 0.1,
            "p_value": None,
            "summary": summary,
            "examples": json.dumps(["r0", "r1"]),
            "started_at": HOUR.format(2),
            "updated_at": HOUR.format(2),
            **columns,
        }
        with closing(connect(self.path)) as connection, writing(connection):
            put_alert(connection, alert)
            record_change(connection, name, state, window_start=HOUR.format(1), value=0.4)


@pytest.fixture
def facts(tmp_path):
    """A store with three exchanges of the model `m`, one of them in a trace."""
    return Facts(tmp_path / "taps.db")
