"""Rolling references keep their comparison while an incident is open, and then move on."""

from __future__ import annotations

import datetime
import json

import numpy as np
import pytest

from command import modeltap
from modeltap.jobs.pipeline import Analyzer
from modeltap.store.connection import connect
from stores import START, analyze, put, read

HOUR = datetime.timedelta(hours=1)
SETTINGS = {
    "previous 7d": {"window": "12h"},
    "previous 2d": {"window": "1d"},
    "same hours last week": {"window": "12h"},
}
"""Windows of each rolling reference; days of hours would take the tests longer."""


def days(first, last, fault=None, rows=240, seed=0):
    """Rows of the days from `first` to `last`: three columns, one of them changed by a fault."""
    rng = np.random.default_rng((seed, first))
    count = rows * (last - first)
    found = {
        "x": rng.normal(size=count).round(5),
        "y": rng.normal(size=count).round(5),
        "c": rng.choice(["a", "b", "c"], count),
    }
    if fault is not None:
        fault(found, rng)
    moments = [START + datetime.timedelta(days=first + n / rows) for n in range(count)]
    listed = [
        {name: None if value != value else value for name, value in zip(found, row, strict=True)}
        for row in zip(*(column.tolist() for column in found.values()), strict=True)
    ]
    return moments, listed


def shifted(found, rng):
    found["x"] = found["x"] + 1.5


def missing(found, rng):
    found["x"] = np.where(rng.random(len(found["x"])) < 0.3, np.nan, found["x"])


def frozen(found, rng):
    found["x"] = np.full(len(found["x"]), 0.25)


def far_out(found, rng):
    found["x"] = np.where(rng.random(len(found["x"])) < 0.4, 40.0, found["x"])


def renamed(found, rng):
    found["c"] = np.where(found["c"] == "a", "alpha", found["c"])


def tied(found, rng):
    found["y"] = found["x"] + 0.1 * found["y"]


def repeated(found, rng):
    for name in found:
        found[name] = np.repeat(found[name][::4], 4)[: len(found[name])]


FAULTS = (shifted, missing, frozen, far_out, renamed, tied, repeated)


def open_at_end(store):
    return read(
        store, "select id, metric, feature, window_start from alerts where state = 'firing'"
    )


def fill(store, said, *parts):
    for number, (first, last, fault) in enumerate(parts):
        put(store, *days(first, last, fault), prefix=f"p{number}-")
    analyze(store, said)


CASES = [pytest.param("previous 7d", fault, marks=pytest.mark.slow) for fault in FAULTS[1:]] + [
    (rolling, shifted) for rolling in SETTINGS
]


ONE_SETTING = [
    *list(SETTINGS)[:1],
    *(pytest.param(s, marks=pytest.mark.slow) for s in list(SETTINGS)[1:]),
]


@pytest.mark.parametrize(("rolling", "fault"), CASES, ids=lambda one: getattr(one, "__name__", one))
def test_an_incident_lasts_as_long_as_its_fault_and_no_longer(store, rolling, fault):
    """Twelve days, longer than any of the references; and what is well again is no news."""
    said = {**said_of(rolling), "multivariate": fault is tied}
    fill(store, said, (0, 20, None), (20, 32, fault))
    begun = open_at_end(store)
    assert begun, "the fault lasts, and no incident is open"
    assert all("2024-01-21" <= alert["window_start"] < "2024-01-23" for alert in begun)
    put(store, *days(32, 48), prefix="well")
    analyze(store, said)
    assert open_at_end(store) == []
    after = read(store, "select * from alerts where window_start >= '2024-02-02T00' ")
    assert after == []
    ends = read(store, "select max(resolved_at) as at from alerts")[0]["at"]
    assert ends <= "2024-02-06"


def said_of(rolling):
    return {"reference": rolling, "min_rows": 50, "multivariate": False, **SETTINGS[rolling]}


@pytest.mark.parametrize("rolling", ONE_SETTING)
def test_what_was_acknowledged_or_has_lasted_for_four_weeks_is_the_new_normal(store, rolling):
    said = said_of(rolling)
    fill(store, said, (0, 20, None), (20, 26, shifted))
    (alert,) = open_at_end(store)
    put(store, *days(26, 46, shifted), prefix="on")
    copy = store.with_name("known.db")
    copy.write_bytes(store.read_bytes())
    modeltap("acknowledge", alert["id"], "--store", copy)
    for one, latest in ((copy, "2024-02-08"), (store, "2024-02-20")):
        analyze(one, said)
        open_, ends = open_at_end(one), read(one, "select max(resolved_at) as at from alerts")
        if one is copy:
            assert open_ == [] and ends[0]["at"] < latest
        else:
            assert open_ and not ends[0]["at"], "nobody knows of it"
    put(store, *days(46, 64, shifted), prefix="further")
    analyze(store, said)
    assert open_at_end(store) == []


@pytest.mark.parametrize("rolling", ONE_SETTING)
def test_a_new_normal_that_was_accepted_is_what_windows_are_compared_with(store, rolling):
    """At once, without the mixture of old and new; and what leaves it again is an incident."""
    said = said_of(rolling)
    fill(store, said, (0, 20, None), (20, 25, shifted))
    assert len(open_at_end(store)) == 1
    printed = modeltap("reference", "accept", "--model", "m", "--store", store)
    assert printed.startswith("resolved: m: x: median went from")
    assert open_at_end(store) == []
    history = read(store, "select state, note from alert_history order by seq desc limit 1")
    assert history == [{"state": "resolved", "note": "accepted as the new normal"}]
    put(store, *days(25, 40, shifted), prefix="on")
    analyze(store, said)
    assert len(read(store, "select 1 from alerts")) == 1, "the new normal is no news"
    put(store, *days(40, 44), prefix="back")
    analyze(store, said)
    assert [row["feature"] for row in open_at_end(store)] == ["x"]


def test_a_frozen_reference_is_learnt_from_what_was_accepted(store):
    said = {"reference": "first 5d", "window": "1d", "multivariate": False}
    fill(store, said, (0, 10, None), (10, 13, shifted))
    (alert,) = open_at_end(store)
    connection = connect(store)
    Analyzer(store, connection, said).accept("m", "")
    connection.close()
    assert read(store, "select 1 from alerts where state <> 'resolved'") == []
    put(store, *days(13, 24, shifted), prefix="on")
    analyze(store, said)
    active = read(store, 'select rows, from_time from "references" where active')
    assert active == [{"rows": 1200, "from_time": alert["window_start"]}]
    assert len(read(store, "select 1 from alerts")) == 1, "the new normal is no news"


def test_accepting_says_why_it_cannot(store):
    """There is no reference, or nothing is open."""
    said = {"reference": "first 5d", "window": "1d", "multivariate": False}
    put(store, *days(0, 1, rows=50))
    analyze(store, said)
    words = ("reference", "accept", "--model", "m", "--store", store)
    assert "no reference yet" in modeltap(*words, code=1)
    put(store, *days(1, 10), prefix="more")
    analyze(store, said)
    assert "nothing to accept" in modeltap(*words)


def test_the_end_of_an_accepted_incident_is_a_message(store):
    said = said_of("previous 7d")
    said["webhooks"] = [{"url": "http://127.0.0.1:9/hook", "events": ["alert.resolved"]}]
    fill(store, said, (0, 20, None), (20, 25, shifted))
    connection = connect(store)
    Analyzer(store, connection, said).accept("m", "")
    connection.close()
    (message,) = read(store, "select event_type, body from deliveries")
    assert message["event_type"] == "alert.resolved"
    assert json.loads(message["body"])["data"]["alerts"][0]["state"] == "resolved"


@pytest.mark.slow
def test_a_batch_each_night_is_no_news(store):
    """One hour of other rows, the same each night: its variation is learnt with all others'."""
    rng = np.random.default_rng(3)
    moments = [START + HOUR * n / 60 for n in range(60 * 24 * 16)]
    rows = [
        {"x": round(float(rng.normal(3.0 if moment.hour == 3 else 0.0)), 4)} for moment in moments
    ]
    put(store, moments, rows)
    analyze(
        store,
        {"window": "1h", "reference": "previous 7d", "min_rows": 40, "multivariate": False},
    )
    assert read(store, "select window_start from alerts where window_start >= '2024-01-15'") == []
