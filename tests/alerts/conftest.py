"""The fixtures of incidents: a store, metric rows week by week, messages, and the time."""

from __future__ import annotations

import json

import pytest

from alert_fixtures import connection, judge, row, store, week
from modeltap import clock

__all__ = ["connection", "judge", "row", "store", "week"]

NOW = 1_900_000_000.0


@pytest.fixture
def told(connection):
    """Return what was owed since the last time it was asked: event types and features."""
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
    """Set the time that the store's moments are told by."""

    def set_to(seconds):
        monkeypatch.setattr(clock.time, "time", lambda: seconds)

    set_to(NOW)
    return set_to
