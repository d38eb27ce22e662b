"""Acceptance of drift as the new normal: which incidents end, and when."""

from __future__ import annotations

from contextlib import closing

from modeltap.alerts import acceptance
from modeltap.store.alerts import put_alert
from modeltap.store.connection import connect, writing


def alert(name, metric, state, start, feature="x"):
    return {
        "id": name,
        "fingerprint": name,
        "rule": "data_drift",
        "model": "m",
        "version": "",
        "metric": metric,
        "feature": feature,
        "severity": "warning",
        "state": state,
        "window": "1h",
        "window_start": start,
        "window_end": start + "Z",
        "last_window_start": start,
        "summary": name,
        "started_at": start,
        "updated_at": start,
    }


def test_open_incidents_about_inputs_end_and_others_stay(store):
    """Pending alerts are deleted. Incidents about traffic or another model stay."""
    with closing(connect(store)) as connection, writing(connection):
        for one in (
            alert("a", "drift", "firing", "2024-01-02"),
            alert("b", "missing_rate", "no_data", "2024-01-01"),
            alert("c", "drift", "pending", "2023-12-31", feature="y"),
            alert("d", "error_rate", "firing", "2023-12-30", feature=None),
            {**alert("e", "drift", "firing", "2023-12-30"), "model": "other"},
        ):
            put_alert(connection, one)
        assert acceptance.open_since(connection, "m", "") == "2024-01-01"
        ended = acceptance.accept(connection, "m", "")
        assert [one.alert["id"] for one in ended] == ["b", "a"]
        assert {one.event for one in ended} == {"alert.resolved"}
        states = connection.execute("select id, state, resolved_at from alerts order by id")
        assert [tuple(row) for row in states] == [
            ("a", "resolved", "2024-01-02Z"),
            ("b", "resolved", "2024-01-01Z"),
            ("d", "firing", None),
            ("e", "firing", None),
        ]
        notes = connection.execute("select distinct note from alert_history").fetchall()
        assert [note for (note,) in notes] == ["accepted as the new normal"]
        assert acceptance.open_since(connection, "m", "") is None
