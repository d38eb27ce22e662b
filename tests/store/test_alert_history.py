"""The history of alerts: every change with the subject of its alert, in order."""

from __future__ import annotations

from contextlib import closing

from modeltap.store.alert_history import CHANGE_COLUMNS, list_changes, record_change
from modeltap.store.connection import connect, writing


def test_changes_are_listed_in_order_with_their_alerts_subject(store):
    alert = (
        "insert into alerts (id, fingerprint, rule, model, metric, feature, severity, state, "
        '"window", window_start, window_end, last_window_start, summary, started_at, updated_at) '
        "values (?, ?, 'r', ?, 'drift', 'x', 'warning', 'firing', '1d', 's', 'e', 's', '', 's', '')"
    )
    with closing(connect(store)) as connection:
        with writing(connection):
            connection.execute(alert, ("a", "1", "m"))
            connection.execute(alert, ("b", "2", "n"))
            record_change(connection, "b", "pending", window_start="s", value=0.5)
            record_change(connection, "a", "firing")
            record_change(connection, "b", "firing", note="seen again")
            record_change(connection, "deleted", "firing")
        changes = list_changes(connection, None)
        assert [(row["alert_id"], row["state"]) for row in changes] == [
            ("b", "pending"),
            ("a", "firing"),
            ("b", "firing"),
        ]
        assert tuple(changes[0]) == CHANGE_COLUMNS
        assert (changes[0]["value"], changes[0]["feature"], changes[2]["note"]) == (
            0.5,
            "x",
            "seen again",
        )
        assert all(row["at"].endswith("Z") for row in changes)
        assert [row["alert_id"] for row in list_changes(connection, "n")] == ["b", "b"]
        assert list_changes(connection, "unknown") == []
