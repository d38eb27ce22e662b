"""Hours in which exchanges lacked rows, predictions or times, or a setting matched nothing."""

from __future__ import annotations

import json
import time
from contextlib import closing

import pytest

from coverage_cases import CLEAN, covered
from modeltap import clock
from modeltap.alerts.lifecycle import update
from modeltap.analysis.coverage.coverage_report import coverages
from modeltap.analysis.verdicts.analyze import covered_hours
from modeltap.analysis.verdicts.results import write
from modeltap.config.settings import Settings
from modeltap.jobs.pipeline import Analyzer
from modeltap.store.connection import connect, writing
from modeltap.store.settings import SettingsReader
from modeltap.store.shortfalls import CoverageHour, add_shortfalls
from modeltap.testing import WebhookReceiver
from stores import analyze, every, put, read

UNKNOWN = json.dumps({"model_version": "v3", "grid": [[[3.5, "EUR"], [2]]]})
HOUR = CoverageHour("m", "", "2024-01-01T00:00:00.000Z")


def alerts(store):
    return read(
        store, "select rule, feature, state, severity, summary from alerts order by feature, rule"
    )


@pytest.mark.parametrize("part", ["rows", "predictions", "event_time"])
@pytest.mark.parametrize(
    ("missing", "total", "verdict"),
    [(1, 1, None), (2, 4, None), (3, 4, "alert"), (5, 100, None), (6, 100, "alert")],
)
def test_an_hour_alerts_where_more_than_one_in_twenty_lacks_a_part(
    store, part, missing, total, verdict
):
    with closing(connect(store)) as connection:
        counts = {(part, "odd"): missing, (part, ""): total - missing}
        with writing(connection):
            add_shortfalls(connection, HOUR, counts.items())
        (covered_hour,) = covered_hours(connection, Settings())
        assert [row.verdict for row in covered_hour.metrics] == ([verdict] if verdict else [])
        with writing(connection):
            write(connection, covered_hour)
        assert list(covered_hours(connection, Settings())) == []


def test_a_few_reasons_are_incidents_of_their_own(store):
    """The most frequent ones; the others share one if they are enough to alert."""
    counts = {"no JSON": 50, "cut": 40, "empty": 30, "odd": 7, "strange": 6, "rare": 2}
    with closing(connect(store)) as connection:
        with writing(connection):
            rows = [(("rows", reason), count) for reason, count in counts.items()]
            add_shortfalls(connection, HOUR, [*rows, (("predictions", "none"), 9)])
        (covered_hour,) = covered_hours(connection, Settings())
    assert [row.feature for row in covered_hour.metrics] == [
        "rows: no JSON",
        "rows: cut",
        "rows: empty",
        "rows: other reasons",
        "predictions: none",
    ]
    first, *_, others, _last = covered_hour.metrics
    assert (first.count, first.rows) == (50, 135) and (others.count, others.rows) == (15, 135)
    assert "50 of 135 exchanges have no rows: no JSON" in first.explanation
    assert "exclude_paths" in first.explanation
    assert "odd" in others.explanation and "rare" in others.explanation


def test_many_rare_reasons_are_one_incident(store):
    with closing(connect(store)) as connection:
        with writing(connection):
            rows = [(("rows", f"reason {chr(65 + n)}"), 2) for n in range(5)]
            add_shortfalls(connection, HOUR, [*rows, (("rows", ""), 90)])
        (covered_hour,) = covered_hours(connection, Settings())
    (row,) = covered_hour.metrics
    assert (row.feature, row.count, row.verdict) == ("rows: other reasons", 10, "alert")
    assert row.explanation.endswith("2 more reasons; see modeltap doctor for the fixes")


def test_an_incident_continues_when_other_reasons_become_more_frequent(store):
    reasons = ["a", "b", "c"]
    with closing(connect(store)) as connection:
        for hour, counts in enumerate(([60, 50, 40, 30], [10, 50, 40, 30])):
            of = HOUR._replace(hour=f"2024-01-01T0{hour}:00:00.000Z")
            with writing(connection):
                rows = zip([*reasons, "d"], counts, strict=True)
                add_shortfalls(connection, of, [(("rows", f"no {r}"), n) for r, n in rows])
            (covered_hour,) = covered_hours(connection, Settings())
            alerting = {row.feature for row in covered_hour.metrics if row.verdict == "alert"}
            assert alerting == {"rows: no a", "rows: no b", "rows: no c", "rows: other reasons"}
            with writing(connection):
                update(connection, write(connection, covered_hour))


def test_each_reason_is_a_message_with_its_setting(store):
    """It includes names of fields; all settings that match nothing are one message."""
    put(store, every(1, 50), CLEAN[:40] + [[]] * 10, responses=[UNKNOWN] * 50)
    features = {"colour": {"min": 0}, "colur": {"min": 0}}
    with WebhookReceiver() as receiver:
        own_settings = {
            "features": features,
            "webhooks": [{"url": receiver.url, "allow_private": True}],
        }
        analyze(store, own_settings)
        with closing(connect(store)) as connection:
            Analyzer(store, connection, own_settings).deliver()
        data = [row.event["data"] for row in receiver.received]
    messages = {row["alerts"][0]["feature"]: row["summary"] for row in data}
    subjects = sorted(name.partition(":")[0] for name in messages)
    assert subjects == ["[models.m.features.colour]", "predictions", "rows"]
    (prediction,) = [text for name, text in messages.items() if name.startswith("predictions")]
    assert "40 of 40 exchanges have no prediction" in prediction
    assert 'prediction = "grid"' in prediction
    (settings,) = [row for row in data if row["alerts"][0]["feature"].startswith("[models")]
    assert len(settings["alerts"]) == 2 and "did you mean 'color'?" in settings["summary"]


def test_each_environment_has_incidents_of_its_own(store):
    """An incident of staging does not resolve because production is complete, and names staging."""
    for name, rows in (("production", CLEAN[:50]), ("staging", [[]] * 50)):
        put(store, every(1, 50), rows, prefix=name)
        with closing(connect(store)) as connection, writing(connection):
            connection.execute(
                "update exchanges set environment = ? where id like ?", (name, f"{name}%")
            )
    analyze(store, {})
    (row,) = read(store, "select environment, state, summary from alerts")
    assert (row["environment"], row["state"]) == ("staging", "firing")
    assert row["summary"].startswith("m in staging: 50 of 50 exchanges have no rows")
    assert covered(store, environment="production").problems == []
    (problem,) = covered(store, environment="staging").problems
    assert problem.sentence.startswith("m in staging: 50 of 50 exchanges have no rows")
    with closing(connect(store)) as connection:
        names = [row.name for row in coverages(connection, SettingsReader(connection))]
    assert names == ["m in production", "m in staging"]


def without_times(store):
    connection = connect(store)
    with writing(connection):  # as capture leaves it
        connection.execute("update exchanges set event_time = null")
    connection.close()


KINDS = {
    "rows: request: JSON without rows": ([[]] * 50, None, {}),
    "predictions: response: no prediction found": (CLEAN[:50], [UNKNOWN] * 50, {}),
    "event_time: no event time": (CLEAN[:50], None, {"event_time": "body:ts"}),
    "[models.m.features.colour]": (CLEAN[:50], None, {"features": {"colour": {"min": 0}}}),
    "the rule with feature = colour": (
        CLEAN[:50],
        None,
        {"rules": [{"metric": "drift", "feature": "colour", "above": 0.1}]},
    ),
}


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_is_one_alert_in_the_first_pass(store, kind):
    """Before there is a reference or a complete window."""
    rows, responses, own_settings = KINDS[kind]
    put(store, every(1, 50), rows, responses=responses)
    if kind.startswith("event_time"):
        without_times(store)
    analyze(store, own_settings)
    analyze(store, own_settings)
    (row,) = alerts(store)
    assert (row["rule"], row["feature"], row["state"]) == ("not_monitored", kind, "firing")
    assert row["severity"] == "warning" and row["summary"].startswith("m: ")


def test_two_hours_after_the_fix_the_alert_ends(store, monkeypatch):
    hour = clock.parse(clock.now()) // 3600 * 3600
    moments = iter(range(10))
    monkeypatch.setattr(time, "time", lambda: hour + 3600 * now[0])
    now = [next(moments)]
    put(store, every(1, 50), [[]] * 50)
    analyze(store, {})
    for state in ("firing", "firing", "resolved"):
        assert [row["state"] for row in alerts(store)] == ([state] if now[0] else ["firing"])
        now[0] = next(moments)
        put(store, every(1, 50), CLEAN[:50], prefix=f"later{now[0]}-")
        analyze(store, {})
    assert [row["state"] for row in alerts(store)] == ["resolved"]


def test_complete_exchanges_have_no_finding(store):
    put(store, every(1, 300), CLEAN)
    analyze(store, {"features": {"color": {"type": "categorical"}}})
    assert alerts(store) == []
    assert read(store, "select 1 from metrics where metric = 'not_monitored'") == []
