"""The lifecycle of incidents:

they fire by strength or persistence, end once, and follow late labels.
"""

from __future__ import annotations

import pytest

from modeltap.alerts.changes import mark_unknown
from modeltap.alerts.lifecycle import update
from modeltap.config.rule_settings import RuleSettings
from modeltap.config.webhook_settings import WebhookSettings
from modeltap.store.connection import writing
from modeltap.store.metrics import METRIC_COLUMNS, save_metrics


def alerts(connection):
    return [dict(one) for one in connection.execute("select * from alerts order by rowid")]


def events(transitions):
    return [one.event for one in transitions]


def test_a_strong_effect_fires_at_once_and_ok_ends_it(connection, process, row, week):
    assert events(process(row(0, "alert"))) == ["alert.firing"]
    assert events(process(row(1, "alert", value=0.5))) == []
    assert events(process(row(2, "ok"))) == ["alert.resolved"]
    (alert,) = alerts(connection)
    assert alert["state"] == "resolved"
    assert (alert["window_start"], alert["window_end"]) == (week(0), week(1))
    assert (alert["started_at"], alert["last_window_start"]) == (week(0), week(1))
    assert alert["resolved_at"] == week(3)
    assert alert["value"] == 0.5
    assert alert["summary"] == "flights: temp: median went from 10 to 20"


def test_a_small_loss_is_a_warning_and_a_large_one_critical(connection, process, row):
    """Of performance: it can become critical and then stays critical. Inputs have one severity."""

    def loss(number, strength):
        process(row(number, "alert", metric="mae", feature=None, strength=strength))
        return [one["severity"] for one in alerts(connection)]

    assert loss(0, 1.5) == ["warning"]
    assert loss(1, 1.9) == ["warning"]
    assert loss(2, 4.0) == ["critical"]
    assert loss(3, 1.2) == ["critical"]
    process(row(3, "alert", metric="error_rate", feature=None, strength=1.1))
    process(row(3, "alert", strength=9.0))
    assert [one["severity"] for one in alerts(connection)] == ["critical", "critical", "warning"]


def test_a_weak_effect_needs_two_windows_in_a_row(connection, process, row, week):
    assert process(row(0, "alert", strength=1.5)) == []
    assert process(row(1, "ok")) == []
    assert process(row(2, "alert", strength=1.5)) == []
    # Windows without a verdict neither extend nor interrupt a run.
    assert process(row(3, "not_enough_rows")) == []
    assert events(process(row(4, "alert", strength=1.5))) == ["alert.firing"]
    assert alerts(connection)[0]["window_start"] == week(4)


def test_the_number_of_recovery_windows_is_a_parameter(connection, process, row):
    def asked(number, min_windows):
        with writing(connection):
            connection.execute("delete from alerts")
            weak = row(number, "alert", strength=1.1)
            changed = update(
                connection, [weak], [RuleSettings(rule="data_drift", for_windows=min_windows)]
            )
        return events(changed)

    process(row(0, "ok"), row(1, "alert", strength=1.1))
    assert asked(2, 3) == []
    process(row(2, "alert", strength=1.1))
    assert asked(3, 3) == asked(3, 1) == ["alert.firing"]
    assert asked(3, 4) == []


@pytest.mark.parametrize(
    "changes",
    [
        {"in_reference": 1},
        {"verdict": "no_reference"},
        {"verdict": "not_enough_rows"},
        {"verdict": None},
        {"metric": "psi"},
    ],
)
def test_rows_that_never_alert(connection, process, row, changes):
    assert process(row(0, "alert") | changes) == []
    assert alerts(connection) == []


def test_a_window_of_the_reference_confirms_no_alert(process, row):
    process(row(0, "alert", in_reference=1))
    assert process(row(1, "alert", strength=1.5)) == []


def test_windows_without_verdict_do_not_end_an_incident(connection, process, row):
    process(row(0, "alert"))
    assert process(row(1, "not_enough_rows")) == []
    assert alerts(connection)[0]["state"] == "firing"


def test_each_subject_has_its_own_incident(connection, process, row):
    changed = process(
        row(0, "alert"),
        row(0, "alert", feature="dewp"),
        row(0, "alert", segment="sex=F"),
        row(0, "alert", version="2"),
    )
    assert len(changed) == 4
    assert len({one.alert["fingerprint"] for one in changed}) == 4
    assert events(process(row(1, "ok", feature="dewp"))) == ["alert.resolved"]
    assert [one["state"] for one in alerts(connection)].count("firing") == 3


def test_a_second_incident_is_a_second_row(connection, process, row):
    for number, verdict in enumerate(["alert", "ok", "alert"]):
        process(row(number, verdict))
    assert [one["state"] for one in alerts(connection)] == ["resolved", "firing"]


def test_the_last_window_re_evaluated_as_ok_ends_the_incident(connection, process, row, week):
    process(row(0, "alert"))
    assert events(process(row(0, "ok"))) == ["alert.resolved"]
    assert alerts(connection)[0]["resolved_at"] == week(1)
    # More labels: it was bad after all. People were notified of its end, so it is a new incident.
    assert events(process(row(0, "alert"))) == ["alert.firing"]


def test_old_windows_re_evaluated_change_nothing(connection, process, row):
    process(row(0, "alert"))
    process(row(1, "alert"))
    assert process(row(0, "ok")) == []
    assert alerts(connection)[0]["state"] == "firing"
    assert process(row(0, "alert", value=0.9)) == []
    assert alerts(connection)[0]["value"] == 0.3
    process(row(2, "ok"))
    assert process(row(0, "alert")) == process(row(1, "alert")) == []
    assert [one["state"] for one in alerts(connection)] == ["resolved"]


def test_late_labels_move_the_start_back_over_consecutive_windows(connection, process, row, week):
    for number in range(4):
        process(row(number, "ok"))
    process(row(4, "alert"))
    process(row(1, "alert"))
    assert alerts(connection)[0]["window_start"] == week(4)  # weeks 2 and 3 were fine
    process(row(2, "alert", strength=1.5))
    process(row(3, "alert", strength=1.5))
    (alert,) = alerts(connection)
    assert (alert["window_start"], alert["window_end"]) == (week(1), week(2))
    assert alert["started_at"] == week(1)
    assert alert["last_window_start"] == week(4)


def test_one_quiet_window_does_not_end_an_incident(connection, process, row, week):
    def asked(number, verdict):
        with writing(connection):
            return events(update(connection, [row(number, verdict)], recovery_windows=2))

    process(row(0, "alert"))
    assert asked(1, "ok") == []
    process(row(2, "alert"))
    assert [one["state"] for one in alerts(connection)] == ["firing"]
    connection.execute(
        "update metrics set verdict = 'ok', strength = 0 where window_start = ?", (week(2),)
    )
    assert asked(3, "ok") == ["alert.resolved"]


def test_labels_for_the_whole_past_make_one_incident_in_its_place(connection, process, row, week):
    for number in range(8):
        process(row(number, "ok"))
    changes = []
    for number in range(8):
        changes += events(process(row(number, "alert" if 2 <= number <= 5 else "ok")))
    assert changes == ["alert.firing", "alert.resolved"]
    (alert,) = alerts(connection)
    assert (alert["window_start"], alert["last_window_start"]) == (week(2), week(5))
    assert alert["resolved_at"] == week(7)


def test_without_an_explanation_the_summary_has_the_numbers(process, row):
    (one,) = process(row(0, "alert", explanation=None, segment="sex=F"))
    assert one.alert["summary"] == "flights (sex=F): drift of temp is 0.3, threshold 0.1"


def test_a_rollback_leaves_neither_alert_nor_message(connection, row):
    from modeltap.config.webhook_settings import WebhookSettings
    from modeltap.notify.outbox import enqueue

    with pytest.raises(RuntimeError), writing(connection):
        changed = update(connection, [row(0, "alert")])
        assert enqueue(connection, changed, [("one", WebhookSettings(url="http://a.example"))]) == 1
        raise RuntimeError("the analyzer was ended")
    for table in ("alerts", "deliveries"):
        assert connection.execute(f"select count(*) from {table}").fetchone()[0] == 0


def states(connection):
    rows = connection.execute("select state from alert_history order by rowid")
    return [one["state"] for one in rows]


def test_a_pending_alert_is_confirmed_or_deleted(connection, process, row, week):
    process(row(0, "alert", strength=1.5))
    (pending,) = alerts(connection)
    assert (pending["state"], pending["window_start"]) == ("pending", week(0))
    process(row(1, "ok"))
    assert alerts(connection) == [] and states(connection) == []
    process(row(2, "alert", strength=1.5), row(3, "alert", strength=1.5))
    (firing,) = alerts(connection)
    assert (firing["state"], states(connection)) == ("firing", ["pending", "firing"])


def test_three_windows_without_a_verdict_are_no_data(connection, process, row):
    process(row(0, "alert"))
    silent = [process(row(n, "not_enough_rows")) for n in (1, 2, 3, 4)]
    assert [events(one) for one in silent] == [[], [], ["alert.no_data"], []]
    assert alerts(connection)[0]["state"] == "no_data"
    # It continues: no second message about the same incident, but a step in its history.
    assert process(row(5, "alert")) == []
    assert alerts(connection)[0]["state"] == "firing"
    assert events(process(row(6, "ok"))) == ["alert.resolved"]
    assert states(connection) == ["firing", "no_data", "firing", "resolved"]


def test_incidents_have_the_state_error_while_the_analysis_fails(connection, process, row):
    process(row(0, "alert"), row(0, "alert", feature="dewp"))
    process(row(1, "ok", feature="dewp"))
    with writing(connection):
        lost = mark_unknown(connection)
    assert [(one.event, one.alert["feature"]) for one in lost] == [("alert.error", "temp")]
    assert sorted(one["state"] for one in alerts(connection)) == ["error", "resolved"]
    assert events(process(row(2, "ok"))) == ["alert.resolved"]


@pytest.mark.parametrize(
    ("after", "ended"),
    [
        ({"strength": 0.8, "p_value": 0.001}, False),  # less certain, but not recovered
        ({"strength": 0.8, "p_value": None}, False),
        ({"strength": 0.8, "p_value": 0.3}, True),
        ({"strength": 0.4, "p_value": 1e-9}, True),  # sure, and hardly worth a word
    ],
)
def test_only_recovered_windows_end_an_incident(connection, process, row, after, ended):
    process(row(0, "alert"))
    assert events(process(row(1, "ok", **after), recovery_windows=2)) == []
    assert events(process(row(2, "ok", **after), recovery_windows=2)) == ["alert.resolved"] * ended


def test_flapping_alerts_send_fewer_messages(connection, process, row):
    """A metric that alerts in two of every five hourly windows sends a few messages."""
    changes = []
    for number in range(100):
        bad = number % 5 in (0, 1)
        changes += events(process(row(number, "alert" if bad else "ok"), recovery_windows=2))
    assert changes == ["alert.firing", "alert.resolved", "alert.firing"]
    assert alerts(connection)[-1]["state"] == "firing"
    for number in range(100, 120):
        changes += events(process(row(number, "ok"), recovery_windows=2))
    assert changes[3:] == ["alert.resolved"]


def test_damping_ends_after_a_quiet_period(connection, process, row):
    for number in range(60):
        process(row(number, "alert" if number in (0, 50) else "ok"), recovery_windows=2)
    assert [one["state"] for one in alerts(connection)] == ["resolved", "resolved"]
    ended = [one["resolved_at"] for one in alerts(connection)]
    assert ended == [row(2, "ok")["window_end"], row(52, "ok")["window_end"]]


def test_each_state_change_is_recorded(connection, process, row, week):
    process(row(0, "alert", value=0.4))
    process(row(1, "ok", value=0.01))
    kept = connection.execute("select * from alert_history order by rowid").fetchall()
    assert [(one["state"], one["window_start"], one["value"]) for one in kept] == [
        ("firing", week(0), 0.4),
        ("resolved", week(1), 0.01),
    ]
    assert len({one["alert_id"] for one in kept}) == 1 and all(one["at"] for one in kept)


def test_eight_doubtful_windows_end_an_incident(connection, process, row):
    process(row(0, "alert"))
    doubtful = {"strength": 0.9, "p_value": 1e-9}
    for week in range(1, 8):
        assert process(row(week, "ok", **doubtful)) == []
    assert events(process(row(8, "ok", **doubtful))) == ["alert.resolved"]


def test_windows_of_a_learning_reference_confirm_and_end_an_incident(connection, row):
    """They were evaluated while the reference was learnt."""
    learnt = {"in_reference": 1, "reference_id": None, "metric": "missing_rate"}

    def pass_of(week, verdict, **changes):
        one = dict.fromkeys(METRIC_COLUMNS) | row(week, verdict, **learnt | changes)
        with writing(connection):
            save_metrics(connection, [one | {"computed_at": "now"}])
            return events(update(connection, [one], learning=True))

    assert pass_of(0, "alert", strength=1.2) == []
    assert pass_of(1, "alert", strength=1.2) == ["alert.firing"]
    assert [pass_of(2, "ok"), pass_of(3, "ok")] == [[], ["alert.resolved"]]


LIMIT = {"metric": "drift", "above": 0.2, "name": "mine"}
OFF = {"rule": "data_drift", "enabled": False}


@pytest.mark.parametrize(
    ("before", "after"),
    [([LIMIT, OFF], [OFF]), ([LIMIT, OFF], [LIMIT | {"enabled": False}, OFF]), ([], [OFF])],
    ids=["removed", "disabled", "default"],
)
@pytest.mark.parametrize("verdict", ["alert", "ok", "not_enough_rows"])
def test_an_alert_without_a_rule_ends(connection, process, row, week, before, after, verdict):
    """No later window could resolve it, and its reminders would never end."""
    hooks = [("one", WebhookSettings(url="http://a.example", events=("alert.resolved",)))]
    assert events(process(row(0, "alert"), rules=before)) == ["alert.firing"]
    ended = process(row(1, verdict), rules=after, webhooks=hooks)
    assert events(ended) == ["alert.resolved"]
    (alert,) = alerts(connection)
    assert (alert["state"], alert["resolved_at"]) == ("resolved", week(2))
    reason = "no longer watched, because its rule was removed or disabled"
    (note,) = connection.execute("select note from alert_history where state = 'resolved'")
    assert note["note"] == reason
    (message,) = connection.execute("select body from deliveries")
    assert f"flights: {reason}: temp" in message["body"]
    assert process(row(2, "ok"), rules=after) == []


def test_a_pending_alert_without_a_rule_is_deleted(connection, process, row):
    process(row(0, "alert", strength=1.5))
    assert process(row(1, "alert", strength=1.5), rules=[OFF]) == []
    assert alerts(connection) == []


@pytest.mark.parametrize(
    "other",
    [{"feature": "wind"}, {"metric": "psi"}, {"segment": "sex=F"}, {"window": "1h"}],
)
def test_only_alerts_about_the_evaluated_rows_end(connection, process, row, other):
    """The rules of others are unknown: their rows may have another window or segment."""
    process(row(0, "alert"))
    assert process(row(1, "ok", **other), rules=[OFF]) == []
    assert [alert["state"] for alert in alerts(connection)] == ["firing"]


def test_an_older_window_ends_no_alert_without_a_rule(connection, process, row):
    process(row(3, "alert"))
    assert process(row(1, "ok"), rules=[OFF]) == []
    assert events(process(row(4, "ok"), rules=[OFF])) == ["alert.resolved"]
