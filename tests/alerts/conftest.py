"""Fixtures of incidents: a store, metric rows by week, messages, and the time."""

from __future__ import annotations

import json

import pytest

from alert_fixtures import connection, process, row, store, week
from modeltap import clock

__all__ = ["connection", "process", "row", "store", "week"]

NOW = 1_900_000_000.0


@pytest.fixture
def sent(connection):
    """Return the messages enqueued since the last call: event types and features."""
    seen = []

    def new():
        rows = connection.execute("select id, body from deliveries order by rowid").fetchall()
        fresh = [json.loads(row["body"]) for row in rows if row["id"] not in seen]
        seen.extend(row["id"] for row in rows)
        return [
            (one["type"], [a["feature"] for a in one["data"]["alerts"]], one["data"]["repeated"])
            for one in fresh
        ]

    return new


@pytest.fixture
def at(monkeypatch):
    """Set the current time."""

    def set_to(seconds):
        monkeypatch.setattr(clock.time, "time", lambda: seconds)

    set_to(NOW)
    return set_to
