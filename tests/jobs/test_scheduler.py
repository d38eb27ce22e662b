"""The scheduler within a process: clocks and late checks."""

from __future__ import annotations

import time

import pytest

from modeltap.config.settings import Settings
from modeltap.jobs import scheduler
from stores import START


@pytest.fixture
def store(tmp_path):
    return tmp_path / "modeltap.db"


def test_a_clock_that_is_set_back_delays_nothing(store, monkeypatch, eventually):
    """APScheduler would run nothing for the length of the jump."""
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


def test_late_looks_are_one_look_and_never_two_at_once(store):
    watch = scheduler.Scheduler(store, Settings(store=str(store)))
    stop = watch.start()
    try:
        for job in watch._scheduler.get_jobs():
            assert (job.misfire_grace_time, job.coalesce, job.max_instances) == (None, True, 1)
    finally:
        stop()
