"""Due times of jobs by interval or cron, despite late polls and clock changes."""

from __future__ import annotations

import pytest

from modeltap.clock import parse
from modeltap.jobs import timers
from modeltap.jobs.timers import Timer
from modeltap.store.connection import connect


@pytest.fixture
def connection(store):
    opened = connect(store)
    yield opened
    opened.close()


@pytest.fixture
def at(monkeypatch):
    """Set the wall clock, and advance the monotonic clock."""

    def set_to(moment=None, seconds=None):
        if moment is not None:
            monkeypatch.setattr(timers.time, "time", lambda: parse(moment))
        if seconds is not None:
            monkeypatch.setattr(timers.time, "monotonic", lambda: seconds)

    return set_to


def test_a_short_interval_starts_with_the_process(connection, at):
    at(seconds=100.0)
    timer = Timer("analysis", "60s")
    due = []
    for seconds in (105, 155, 160, 165, 219, 220, 1000, 1005):
        at(seconds=float(seconds))
        due.append(timer.due(connection))
    assert due == [False, False, True, False, False, True, True, False]


def test_missed_cron_times_are_one_run(connection, at):
    timer = Timer("digest", "daily")
    at("2024-05-01T07:00")
    assert not timer.due(connection)  # the first look only notes when it began
    at("2024-05-01T07:59")
    assert not timer.due(connection)
    at("2024-05-01T08:00")
    assert timer.due(connection) and not timer.due(connection)
    at("2024-05-05T09:30")
    assert timer.due(connection) and not timer.due(connection)
    at("2024-05-06T08:00")
    assert timer.due(connection)


def test_another_process_continues_the_schedule(connection, at):
    at("2024-05-01T07:00")
    Timer("digest", "weekly").due(connection)
    at("2024-05-06T08:01")  # the Monday after
    assert Timer("digest", "weekly").due(connection)
    assert not Timer("digest", "weekly").due(connection)
    assert not Timer("retrain", "weekly").due(connection)  # each job has its own


def test_a_long_interval_survives_restarts(connection, at):
    at("2024-05-01T00:00")
    assert not Timer("prune", "6h").due(connection)
    at("2024-05-01T05:59")
    assert not Timer("prune", "6h").due(connection)
    at("2024-05-01T06:00")
    assert Timer("prune", "6h").due(connection)


def test_setting_the_clock_back_does_not_stop_a_job(connection, at):
    timer = Timer("prune", "6h")
    at("2034-05-01T00:00")
    timer.due(connection)
    at("2024-05-01T00:00")
    assert not timer.due(connection)
    at("2024-05-01T06:00")
    assert timer.due(connection)
