"""Hours in which exchanges lacked rows, predictions or times, or a setting fitted nothing."""

from __future__ import annotations

import json
import time
from contextlib import closing

import pytest

from coverage_cases import CLEAN
from modeltap import clock
from modeltap.analysis.verdicts.analyze import covered_hours
from modeltap.analysis.verdicts.results import write
from modeltap.config.settings import Settings
from modeltap.store.connection import connect, writing
from modeltap.store.shortfalls import add_shortfalls
from stores import analyze, every, put, read

HOUR = "2024-01-01T00:00:00.000Z"


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
            add_shortfalls(connection, "m", HOUR, counts.items())
        (found,) = covered_hours(connection, Settings())
        assert [one.verdict for one in found.metrics] == ([verdict] if verdict else [])
        with writing(connection):
            write(connection, found)
        assert list(covered_hours(connection, Settings())) == []


def test_one_message_is_about_all_reasons_of_a_part(store):
    with closing(connect(store)) as connection:
        counts = {("rows", "no JSON"): 5, ("rows", "cut"): 4, ("predictions", "none"): 9}
        with writing(connection):
            add_shortfalls(connection, "m", HOUR, counts.items())
        (found,) = covered_hours(connection, Settings())
    assert [one.feature for one in found.metrics] == ["rows", "predictions"]
    assert "no JSON" in found.metrics[0].explanation and "cut" in found.metrics[0].explanation


UNKNOWN = json.dumps({"model_version": "v3", "grid": [[[3.5, "EUR"], [2]]]})


def without_times(store):
    connection = connect(store)
    with writing(connection):  # as capture leaves it
        connection.execute("update exchanges set event_time = null")
    connection.close()


KINDS = {
    "rows": ([[]] * 50, None, {}),
    "predictions": (CLEAN[:50], [UNKNOWN] * 50, {}),
    "event_time": (CLEAN[:50], None, {"event_time": "body:ts"}),
    "[models.m.features.colour]": (CLEAN[:50], None, {"features": {"colour": {"min": 0}}}),
    "the rule with feature = colour": (
        CLEAN[:50],
        None,
        {"rules": [{"metric": "drift", "feature": "colour", "above": 0.1}]},
    ),
}


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_is_one_alert_in_the_first_pass(store, kind):
    """Before there is a reference, or a window that is over."""
    rows, responses, said = KINDS[kind]
    put(store, every(1, 50), rows, responses=responses)
    if kind == "event_time":
        without_times(store)
    analyze(store, said)
    analyze(store, said)
    (one,) = alerts(store)
    assert (one["rule"], one["feature"], one["state"]) == ("not_monitored", kind, "firing")
    assert one["severity"] == "warning" and one["summary"].startswith("m: ")


def test_two_hours_after_the_fix_the_alert_ends(store, monkeypatch):
    hour = clock.parse(clock.now()) // 3600 * 3600
    moments = iter(range(10))
    monkeypatch.setattr(time, "time", lambda: hour + 3600 * now[0])
    now = [next(moments)]
    put(store, every(1, 50), [[]] * 50)
    analyze(store, {})
    for state in ("firing", "firing", "resolved"):
        assert [one["state"] for one in alerts(store)] == ([state] if now[0] else ["firing"])
        now[0] = next(moments)
        put(store, every(1, 50), CLEAN[:50], prefix=f"later{now[0]}-")
        analyze(store, {})
    assert [one["state"] for one in alerts(store)] == ["resolved"]


def test_what_is_all_there_has_no_row(store):
    put(store, every(1, 300), CLEAN)
    analyze(store, {"features": {"color": {"type": "categorical"}}})
    assert alerts(store) == []
    assert read(store, "select 1 from metrics where metric = 'not_monitored'") == []
