"""Alerts about absence: they fire when requests or labels are missing, and end when they return."""

from __future__ import annotations

import pytest

from modeltap import clock
from modeltap.alerts.absence import has_news, missing, update
from modeltap.analysis.counting.traffic import record_requests
from modeltap.config.rule_settings import parse_rule
from modeltap.config.settings import Settings
from modeltap.store.connection import writing
from modeltap.store.settings import save_settings

NOW = 1_700_000_000.0 // 86_400 * 86_400
MINUTE, HOUR, DAY = 60.0, 3600.0, 86_400.0


def configured(rules):
    """The same rules for each model."""
    return Settings(rules=tuple(map(parse_rule, rules)))


@pytest.fixture
def rules():
    return []


@pytest.fixture
def poll(connection, rules):
    """Run the checks of the scheduler and its child at a moment; return the transitions."""

    def looked(now):
        settings = configured(rules)
        expected = has_news(connection, settings, now)
        with writing(connection):
            changed = update(connection, settings, now)
        assert bool(changed) == expected
        assert not has_news(connection, settings, now)  # a second one finds nothing
        return [(one.event, one.alert["rule"], one.alert["model"]) for one in changed]

    return looked


def traffic(connection, *times, model="flights", environment=""):
    """Write one request at each of these times."""
    with writing(connection):
        record_requests(connection, model, [clock.iso(at) for at in times], environment)


def labels(connection, *times, model="flights", environment=""):
    for at in times:
        connection.execute(
            "insert into label_days (model, environment, day, labels, last_at) "
            "values (?, ?, ?, 1, ?) "
            "on conflict do update set labels = labels + 1, last_at = excluded.last_at",
            (model, environment, clock.iso(at)[:10], clock.iso(at)),
        )


def by_day(days=8, hours=range(24)):
    return [NOW - day * DAY + hour * HOUR for day in range(days, 0, -1) for hour in hours]


def test_missing_requests_of_an_hourly_model_alert(connection, poll):
    traffic(connection, *by_day())
    last = NOW - HOUR
    assert poll(last + 2 * HOUR) == []
    assert poll(last + 2 * HOUR + MINUTE) == [("alert.firing", "no_traffic", "flights")]
    (alert,) = connection.execute("select * from alerts").fetchall()
    assert alert["severity"] == "critical"
    assert alert["summary"].startswith("flights: no requests for 2.02 h, since ")
    assert alert["summary"].endswith("; the longest earlier pause was 60 min")
    assert poll(last + 4 * HOUR) == []  # the same incident
    traffic(connection, last + 5 * HOUR)
    assert poll(last + 5 * HOUR) == [("alert.resolved", "no_traffic", "flights")]


def test_known_nightly_pauses_do_not_alert(connection, poll):
    traffic(connection, *by_day(hours=range(8, 18)))
    assert poll(NOW + 8 * HOUR) == []  # 15 hours, as each night
    assert poll(NOW + 13 * HOUR) == []
    assert len(poll(NOW + 24 * HOUR)) == 1


def test_in_the_first_week_a_pause_needs_a_day(connection, poll):
    traffic(connection, *by_day(days=1))
    assert poll(NOW + 20 * HOUR) == []
    assert len(poll(NOW + 24 * HOUR)) == 1


def test_a_configured_pause_overrides_the_learnt_one(connection, poll, rules):
    rules.append({"rule": "no_traffic", "after": "15m", "model": "flights", "severity": "info"})
    traffic(connection, *by_day())
    traffic(connection, *by_day(), model="trains")
    last = NOW - HOUR
    assert poll(last + 14 * MINUTE) == []
    assert poll(last + 16 * MINUTE) == [("alert.firing", "no_traffic", "flights")]
    (alert,) = connection.execute("select * from alerts").fetchall()
    assert alert["severity"] == "info" and alert["summary"].endswith(
        'the rule allows 15m (after = "15m")'
    )


def test_a_disabled_rule_does_not_alert(connection, rules):
    rules.append({"rule": "no_traffic", "enabled": False})
    traffic(connection, *by_day())
    with writing(connection):
        changed = update(connection, configured(rules), NOW + 9 * HOUR)
    assert changed == []


def test_a_disabled_rule_is_not_pending_work(connection, rules):
    """Otherwise the scheduler would start a child every few seconds."""
    rules.append({"rule": "no_traffic", "enabled": False})
    traffic(connection, *by_day())
    assert not has_news(connection, configured(rules), NOW + 9 * HOUR)


def test_disabling_a_rule_ends_its_alert(connection, poll, rules):
    """Otherwise it would fire for ever, and the scheduler would start a child for it each time."""
    traffic(connection, *by_day())
    assert poll(NOW + 9 * HOUR) == [("alert.firing", "no_traffic", "flights")]
    rules.append({"rule": "no_traffic", "enabled": False})
    assert poll(NOW + 10 * HOUR) == [("alert.resolved", "no_traffic", "flights")]
    assert poll(NOW + 11 * HOUR) == []


def test_the_alert_of_a_retired_model_ends(connection, poll):
    traffic(connection, *by_day())
    assert len(poll(NOW + DAY)) == 1
    assert poll(NOW + 40 * DAY) == [("alert.resolved", "no_traffic", "flights")]


def test_missing_labels_alert_while_requests_arrive(connection, poll):
    labels(connection, *(NOW - day * DAY for day in (4, 3, 2)))
    traffic(connection, *by_day(), *(NOW + n * HOUR for n in range(4 * 24)))
    assert poll(NOW - DAY) == []
    assert poll(NOW + DAY) == [("alert.firing", "no_labels", "flights")]
    labels(connection, NOW + DAY)
    assert poll(NOW + DAY + HOUR) == [("alert.resolved", "no_labels", "flights")]


def test_missing_labels_alert_by_environment(connection, poll, rules):
    """A rule for one environment has its own limit there."""
    rules.append({"rule": "no_labels", "environment": "canary", "after": "12h"})
    for environment in ("production", "staging", "canary"):
        labels(connection, *(NOW - day * DAY for day in (4, 3, 2)), environment=environment)
        times = [*by_day(), *(NOW + n * HOUR for n in range(4 * 24))]
        traffic(connection, *times, environment=environment)
    labels(connection, NOW - HOUR, environment="production")
    assert poll(NOW - DAY) == [("alert.firing", "no_labels", "flights")]
    assert poll(NOW + DAY) == [("alert.firing", "no_labels", "flights")]
    found = connection.execute("select environment, state from alerts order by environment")
    assert list(map(tuple, found)) == [("canary", "firing"), ("staging", "firing")]
    labels(connection, NOW + DAY, environment="production")
    assert poll(NOW + DAY + HOUR) == []  # production's labels end no other's incident
    labels(connection, NOW + DAY, environment="staging")
    assert poll(NOW + DAY + HOUR) == [("alert.resolved", "no_labels", "flights")]


def test_labels_are_not_missed_without_requests_or_history(connection, poll):
    labels(connection, NOW - 3 * DAY, NOW - 2 * DAY)  # two days are not enough history
    traffic(connection, *by_day(), *(NOW + n * HOUR for n in range(3 * 24)))
    assert poll(NOW + 3 * DAY - MINUTE) == []


def runs(connection, *exits, job="analyze"):
    for code in exits:
        connection.execute(
            "insert into child_runs (job, started_at, finished_at, exit, pid, host, log) "
            "values (?, ?, ?, ?, 1, 'h', ?)",
            (
                job,
                clock.now(),
                clock.now(),
                code,
                "Traceback\nMemoryError: no memory\n" if code else "",
            ),
        )


def test_three_failed_analyses_are_an_alert_with_their_last_line(connection, poll):
    runs(connection, 0, 1, -9)
    assert poll(NOW) == []
    runs(connection, 1)
    assert poll(NOW) == [("alert.firing", "analysis_failed", "")]
    (alert,) = connection.execute("select * from alerts").fetchall()
    assert alert["summary"] == "all models: the last 3 analyses failed: MemoryError: no memory"
    runs(connection, 0)
    assert poll(NOW) == [("alert.resolved", "analysis_failed", "")]


def pending(connection, **overrides):
    row = {
        "id": f"msg_{len(overrides)}{overrides['state']}",
        "webhook": "hook#1",
        "event_type": "test",
        "alert_ids": "[]",
        "body": "{}",
        "created_at": clock.iso(NOW),
    } | overrides
    connection.execute(
        f"insert into deliveries ({', '.join(row)}) values ({', '.join('?' * len(row))})",
        tuple(row.values()),
    )


def test_undelivered_messages_are_an_alert(connection, poll):
    pending(
        connection,
        state="pending",
        attempts=3,
        next_at=clock.iso(NOW + DAY),
        last_error="status 500",
    )
    assert poll(NOW + 30 * MINUTE) == []
    assert poll(NOW + 61 * MINUTE) == [("alert.firing", "delivery_failed", "")]
    (alert,) = connection.execute("select * from alerts").fetchall()
    assert alert["summary"] == (
        "all models: 1 message could not be delivered to hook#1: status 500"
    )
    connection.execute("update deliveries set state = 'delivered'")
    assert poll(NOW + 2 * HOUR) == [("alert.resolved", "delivery_failed", "")]


def test_a_dead_message_is_an_alert_for_a_day(connection, poll):
    pending(connection, state="dead", attempts=10, last_error="timeout")
    assert len(poll(NOW + HOUR)) == 1
    assert len(poll(NOW + 25 * HOUR)) == 1
    assert missing(connection, configured([]), NOW + 25 * HOUR) == []


def test_missing_requests_alert_by_environment(connection, poll):
    """Each environment has its own pauses and its own incident."""
    with writing(connection):
        for environment in ("production", "staging"):
            times = [clock.iso(at) for at in by_day()]
            record_requests(connection, "flights", times, environment)
        later = [clock.iso(NOW + hour * HOUR) for hour in range(1, 13)]
        record_requests(connection, "flights", later, "staging")
    assert poll(NOW + 12.5 * HOUR) == [("alert.firing", "no_traffic", "flights")]
    (row,) = connection.execute("select environment, summary from alerts").fetchall()
    assert row["environment"] == "production" and "flights in production: no request" in row[1]
    with writing(connection):
        record_requests(connection, "flights", [clock.iso(NOW + 13 * HOUR)], "production")
    assert poll(NOW + 13.1 * HOUR) == [("alert.resolved", "no_traffic", "flights")]


def test_alerts_about_the_store_have_the_environment_of_its_apps(connection, poll):
    with writing(connection):
        for model in ("flights", "loans"):
            save_settings(connection, model, {"environment": "staging"})
    runs(connection, 1, 1, 1)
    assert poll(NOW) == [("alert.firing", "analysis_failed", "")]
    (row,) = connection.execute("select environment, summary from alerts").fetchall()
    assert row["environment"] == "staging" and row[1].startswith("all models in staging: ")
