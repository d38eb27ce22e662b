"""Alerts in the store: open alerts, counts of alerts, and alerts that are due for a reminder."""

from __future__ import annotations

import sqlite3

import pytest

from modeltap.store import alerts
from modeltap.store.alert_history import list_changes, record_change
from modeltap.store.connection import connect, writing

COLUMNS = (*alerts.ALERT_COLUMNS, "fingerprint", "updated_at")


@pytest.fixture
def connection(store):
    opened = connect(store)
    yield opened
    opened.close()


def alert(id_, **columns):
    defaults = dict.fromkeys(COLUMNS) | {
        "id": id_,
        "fingerprint": f"print {id_}",
        "rule": "data_drift",
        "model": "m",
        "version": "",
        "metric": "drift",
        "feature": "x",
        "severity": "warning",
        "state": "firing",
        "window": "1d",
        "window_start": "2024-01-02",
        "window_end": "2024-01-03",
        "last_window_start": "2024-01-02",
        "summary": f"sentence of {id_}",
        "started_at": "2024-01-02",
        "updated_at": "2024-01-03",
    }
    return defaults | columns


@pytest.fixture
def put(connection):
    def put(id_, **columns):
        with writing(connection):
            alerts.put_alert(connection, alert(id_, **columns))

    return put


def test_a_subject_has_one_open_alert(connection, put):
    put("a", fingerprint="f", state="resolved", resolved_at="2024-01-05")
    assert alerts.open_alert(connection, "f") is None
    put("b", fingerprint="f", state="pending")
    assert alerts.open_alert(connection, "f")["id"] == "b"
    # Another alert of the same subject replaces it, because of the unique index.
    put("c", fingerprint="f")
    assert alerts.open_alert(connection, "f")["id"] == "c"
    assert len(alerts.list_alerts(connection, None, "pending")) == 0


def test_resolved_alerts_are_counted_by_their_end(connection, put):
    put("a", fingerprint="f", state="resolved", resolved_at="2024-01-05")
    assert alerts.count_resolved_since(connection, "f", "2024-01-04") == 1
    assert alerts.count_resolved_since(connection, "f", "2024-01-05") == 0

    def around(start, end):
        return alerts.was_resolved_around(connection, "f", start, end)

    assert around("2024-01-02", "2024-01-03") and not around("2024-01-01", "2024-01-02")
    assert not around("2024-01-04", "2024-01-05")


def test_changing_or_deleting_an_alert_leaves_others_unchanged(connection, put):
    put("a"), put("b")
    with writing(connection):
        alerts.change_alert(connection, "a", state="error", value=1.5)
        record_change(connection, "a", "error"), record_change(connection, "b", "firing")
    listed_alerts = {row["id"]: row for row in alerts.list_alerts(connection, "m", None)}
    assert (listed_alerts["a"]["state"], listed_alerts["a"]["value"]) == ("error", 1.5)
    assert listed_alerts["b"]["state"] == "firing"
    with writing(connection):
        alerts.delete_alert(connection, "a")
    assert [row["alert_id"] for row in list_changes(connection, None)] == ["b"]


def test_states_are_counted_and_critical_alerts_listed_first(connection, put):
    put("a", started_at="1"), put("b", severity="critical", started_at="2")
    put("c", state="no_data", started_at="0"), put("d", state="pending")
    put("e", state="resolved"), put("f", model="other")
    assert alerts.count_firing_of(connection, "m") == 2
    assert alerts.count_open_of(connection, "m") == 3
    assert alerts.count_open(connection, alert("a")) == 3
    listed_alerts = [row["summary"] for row in alerts.most_severe_open(connection, "m", 2)]
    assert listed_alerts == ["sentence of b", "sentence of c"]
    assert alerts.models_with_alerts(connection) == ["m", "other"]
    assert len(alerts.list_alerts(connection, None, None)) == 5


def test_reminders_are_due_after_a_silence_or_without_acknowledgement(connection, put):
    put("silenced until now", silenced_until="5")
    put("silenced still", silenced_until="9")
    put("never sent")
    put("old", notified_at="2")
    put("fresh", notified_at="4")
    put("acknowledged", notified_at="2", acknowledged_at="3")
    due = [row["id"] for row in alerts.alerts_to_repeat(connection, "m", now="5", before="3")]
    assert sorted(due) == ["old", "silenced until now"]
    assert alerts.alerts_to_repeat(connection, "other", now="5", before="3") == []
    with writing(connection):
        for id_ in due:
            alerts.record_notified(connection, id_, "5")
    assert alerts.alerts_to_repeat(connection, "m", now="5", before="3") == []


def test_an_alert_is_acknowledged_unless_it_is_resolved(connection, put):
    put("a"), put("ab", state="resolved"), put("abc")
    with writing(connection):
        assert alerts.acknowledge_alert(connection, "a")
        assert not alerts.acknowledge_alert(connection, "ab")
        assert not alerts.acknowledge_alert(connection, "unknown")
    assert [row["id"] for row in alerts.alerts_with_prefix(connection, "abc")] == ["abc"]
    assert len(alerts.alerts_with_prefix(connection, "a")) == 2
    assert alerts.alerts_with_prefix(connection, "%") == []


@pytest.fixture
def causes(connection):
    """Return the metrics and windows of the alerts that explain a row."""

    def of(row, *args):
        return [(one.metric, one.window) for one in alerts.firing_causes(connection, row, *args)]

    return of


def test_a_finding_explains_alerts_of_its_features_in_all_windows(put, causes):
    row = alert("z", metric="drift")
    put("c", feature="v", window="1h", related='["v", "w"]')
    assert causes(row | {"feature": "w"}, []) == [("drift", "1h")]
    assert causes(row | {"feature": "v"}, []) == []
    assert causes(row | {"feature": "w", "segment": "s"}, []) == []


def test_alerts_in_windows_of_another_length_explain_alerts_of_their_feature(put, causes):
    row = alert("z", metric="drift")
    put("a", metric="outlier_rate", window="1h"), put("b", metric="missing_rate", window="1h")
    assert causes(row, [], ["outlier_rate"]) == [("outlier_rate", "1h")]
    assert causes(row | {"window": "1h"}, [], ["outlier_rate"]) == []
    assert causes(row | {"feature": "y"}, [], ["outlier_rate"]) == []


def test_alerts_of_a_period_are_those_that_fired_and_had_not_ended(connection, put):
    day = alerts.Series("m", "", "r", "1d"), "2024-01-03", "2024-01-04"
    put("a", feature="before", state="resolved", resolved_at="2024-01-03")
    put("b", feature="within", state="resolved", resolved_at="2024-01-03T05")
    put("c", feature="open"), put("d", feature="later", window_start="2024-01-04")
    put("e", feature="pending", state="pending"), put("f", feature="hour", window="1h")
    put("g", feature="group", segment="sex=f"), put("h", feature=None)
    reported = alerts.reported_in_period(connection, *day)
    assert reported == {("drift", "within"), ("drift", "open")}


def test_causes_and_missing_data_are_distinguished(connection, put, causes):
    put("a", metric="missing_rate"), put("b", rule="no_traffic", metric="no_traffic", feature=None)
    row = alert("z", metric="drift")
    assert [metric for metric, _ in causes(row, [("missing_rate", "x")])] == ["missing_rate"]
    assert causes(row, [("missing_rate", "y")]) == causes(row, []) == []
    assert [firing["id"] for firing in alerts.firing_about_metrics(connection)] == ["a"]
    assert alerts.open_absences(connection, ["no_traffic", "x"]) == [("no_traffic", "m", "", None)]


def test_rules_are_summarized_in_order_of_their_first_alert(connection, put):
    put("a", feature="x", started_at="2"), put("b", feature="y", started_at="1")
    put("c", rule="performance", metric="mae", feature=None, started_at="0")
    first, second = alerts.alerts_by_rule(connection)
    assert (first.rule, first.about, first.incidents) == ("performance", "mae", 1)
    assert (second.first, second.incidents, set(second.about.split(","))) == ("1", 2, {"x", "y"})


def test_started_alerts_are_counted_once(connection, put):
    put("a"), put("b", model="other")
    with writing(connection):
        for _ in range(2):
            record_change(connection, "a", "firing")
        record_change(connection, "b", "resolved")
    assert alerts.count_started(connection, "m", "2000") == 1
    assert alerts.count_started(connection, "m", "9999") == 0
    assert alerts.count_started(connection, "other", "2000") == 0


def test_a_missing_required_column_is_an_error(connection):
    with pytest.raises(sqlite3.IntegrityError, match=r"alerts\.rule"), writing(connection):
        alerts.put_alert(connection, alert("a", rule=None))
