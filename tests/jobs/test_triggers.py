"""When a job is due: by interval or cron, once however late, whatever the clock does."""

from __future__ import annotations

import pytest

from modeltap.clock import parse
from modeltap.config.schedule_settings import ScheduleSettings, cron_of
from modeltap.errors import ConfigError
from modeltap.jobs import triggers as timers
from modeltap.jobs.triggers import Timer
from modeltap.store.connection import connect


@pytest.fixture
def connection(store):
    opened = connect(store)
    yield opened
    opened.close()


@pytest.fixture
def at(monkeypatch):
    """Set the wall clock to a moment, and the monotonic one to seconds."""

    def set_to(moment=None, seconds=None):
        if moment is not None:
            monkeypatch.setattr(timers.time, "time", lambda: parse(moment))
        if seconds is not None:
            monkeypatch.setattr(timers.time, "monotonic", lambda: seconds)

    return set_to


def test_a_short_interval_counts_from_when_the_process_began(connection, at):
    at(seconds=100.0)
    timer = Timer("analysis", "60s")
    due = []
    for seconds in (105, 155, 160, 165, 219, 220, 1000, 1005):
        at(seconds=float(seconds))
        due.append(timer.due(connection))
    assert due == [False, False, True, False, False, True, True, False]


def test_cron_times_that_were_missed_are_one_run(connection, at):
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


def test_another_process_goes_on_where_the_last_one_ended(connection, at):
    at("2024-05-01T07:00")
    Timer("digest", "weekly").due(connection)
    at("2024-05-06T08:01")  # the Monday after
    assert Timer("digest", "weekly").due(connection)
    assert not Timer("digest", "weekly").due(connection)
    assert not Timer("retrain", "weekly").due(connection)  # each job has its own


def test_a_long_interval_is_kept_over_restarts(connection, at):
    at("2024-05-01T00:00")
    assert not Timer("prune", "6h").due(connection)
    at("2024-05-01T05:59")
    assert not Timer("prune", "6h").due(connection)
    at("2024-05-01T06:00")
    assert Timer("prune", "6h").due(connection)


def test_a_clock_that_was_set_back_does_not_stop_it(connection, at):
    timer = Timer("prune", "6h")
    at("2034-05-01T00:00")
    timer.due(connection)
    at("2024-05-01T00:00")
    assert not timer.due(connection)
    at("2024-05-01T06:00")
    assert timer.due(connection)


@pytest.mark.parametrize(
    ("field", "days"),
    [
        ("1", "mon"),
        ("0", "sun"),
        ("7", "sun"),
        ("1-5", "mon,tue,wed,thu,fri"),
        ("*", "*"),
        ("*/2", "sun,tue,thu,sat"),
        ("fri,1", "mon,fri"),
        ("sat-mon", "sun,mon,sat"),
        ("5-7", "sun,fri,sat"),
        ("MON", "mon"),
    ],
)
def test_weekdays_are_crons(field, days):
    """As crontab(5) says: APScheduler's own 1 is a Tuesday."""
    assert cron_of(f"0 6 * * {field}") == f"0 6 * * {days}"


@pytest.mark.parametrize("text", ["15m", "30s", "6h", "daily", "weekly", "hourly", "*/5 * * * *"])
def test_what_schedules_may_say(text):
    ScheduleSettings(analysis=text, digest=text).check()


@pytest.mark.parametrize(
    "text", ["sometimes", "61 * * * *", "* * *", "-5m", "0s", "", "0 6 * * 8", "0 6 * * 1/0"]
)
def test_a_wrong_schedule_is_a_clear_line(text):
    with pytest.raises(ConfigError) as error:
        ScheduleSettings(retention=text).check()
    assert f"option schedules.retention = {text!r} is wrong" in str(error.value)
    assert "\n" not in str(error.value)
