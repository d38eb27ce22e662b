"""The scheduler in a process: clock changes and late polls."""

from __future__ import annotations

import time
from contextlib import closing

import pytest

from modeltap.clock import iso
from modeltap.config import sources
from modeltap.config.settings import Settings
from modeltap.jobs import scheduler
from modeltap.store.connection import connect, writing
from modeltap.store.job_times import record_job_time
from modeltap.store.request_days import RequestDay, add_days
from modeltap.store.settings import save_settings
from stores import START, every, put, read

UNKNOWN = '{"model_version": "v3", "grid": [[[3.5, "EUR"], [2]]]}'


@pytest.fixture
def store(tmp_path):
    return tmp_path / "modeltap.db"


def test_setting_the_clock_back_delays_nothing(store, monkeypatch, eventually):
    """APScheduler alone would wait for the length of the jump."""
    ahead = [0.0]
    fake = type(
        "Time", (), {name: staticmethod(getattr(time, name)) for name in ("monotonic", "sleep")}
    )
    fake.time = staticmethod(lambda: time.time() + ahead[0])
    monkeypatch.setattr(scheduler, "time", fake)
    watch = scheduler.Scheduler(store, Settings(store=str(store), analyze_interval_seconds=0.2))
    stop = watch.start()
    try:
        jobs = watch._scheduler.get_jobs()
        for job in jobs:  # as it would stand after the jump
            job.modify(next_run_time=START.replace(year=2099))
        ahead[0] -= 3600
        assert eventually(
            lambda: all(job.next_run_time.year < 2099 for job in watch._scheduler.get_jobs())
        )
    finally:
        stop()


def test_late_polls_are_merged_and_never_concurrent(store):
    watch = scheduler.Scheduler(store, Settings(store=str(store)))
    stop = watch.start()
    try:
        for job in watch._scheduler.get_jobs():
            assert (job.misfire_grace_time, job.coalesce, job.max_instances) == (None, True, 1)
    finally:
        stop()


@pytest.mark.slow
def test_a_backlog_is_processed_without_waiting_for_the_schedule(store, eventually):
    """At most 500 windows in a child; the next child starts at once, and its log says so."""
    put(store, every(1, 2700), [{"x": n % 7} for n in range(2700)])
    (store.parent / "modeltap.toml").write_text(
        'window = "5 rows"\nmin_rows = 2\nreference = "first 20 rows"\nmultivariate = false\n'
    )
    with closing(connect(store)) as connection, writing(connection):
        record_job_time(
            connection, "schedule analysis", START.timestamp()
        )  # due now, and then in a day
    settings = sources.load({"store": str(store), "schedules": {"analysis": "1d"}})
    stop = scheduler.Scheduler(store, settings).start()
    try:
        assert eventually(lambda: evaluated(store) >= (2700 - 20) // 5)
        assert eventually(lambda: len(logs_of(store)) >= 2)
    finally:
        stop()
    first, second = logs_of(store)
    assert "500 windows evaluated; the next pass continues with the rest" in first
    assert "goes on" not in second


def logs_of(store):
    rows = read(store, "select log from child_runs where job = 'analyze' order by id")
    return [row["log"] for row in rows]


def evaluated(store):
    (row,) = read(store, "select count(*) as n from windows where evaluated_start is not null")
    return row["n"]


def test_warnings_of_a_job_are_logged_by_the_app_once(store, caplog):
    """The untested columns and the new alert. Other lines stay in the job's log."""
    rows = [{"x": n * 7919 % 100, "user": f"u{n:04}"} for n in range(300)]
    put(store, every(1, 300), rows, responses=[UNKNOWN] * 300)
    settings = Settings(store=str(store), reference="first 200 rows", window="100 rows")
    (store.parent / "modeltap.toml").write_text(
        'reference = "first 200 rows"\nwindow = "100 rows"\n'
    )
    watch = scheduler.Scheduler(store, settings)
    with closing(connect(store)) as connection:
        lease = watch._lease(connection)
        assert lease.hold()
        for _ in range(2):
            assert watch._run_child(connection, lease, "analyze", "--no-deliver") == 0
    messages = [record.getMessage() for record in caplog.records]
    assert not any("learning until" in one for one in messages)
    assert len([one for one in messages if "have no prediction" in one]) == 1
    assert len([one for one in messages if "user (treated as an id" in one]) == 1


def test_rules_of_other_apps_with_the_same_store_apply(store, eventually):
    """The leader is told of its own app's settings only; the store has those of all."""
    last = iso(time.time() - 1800)
    with closing(connect(store)) as connection, writing(connection):
        for model in ("own", "other"):
            add_days(connection, model, "", [RequestDay(last[:10], last, last, 60.0)])
        rules = [{"rule": "no_traffic", "after": "15m"}]
        save_settings(connection, "other", {"rules": rules})
    settings = Settings(store=str(store), analyze_interval_seconds=0.2)
    stop = scheduler.Scheduler(store, settings).start()
    try:
        alerts = "select model from alerts where rule = 'no_traffic'"
        assert eventually(lambda: read(store, alerts))
    finally:
        stop()
    assert [row["model"] for row in read(store, alerts)] == ["other"]
