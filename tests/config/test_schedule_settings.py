"""Schedules: intervals, cron fields, and errors with the value."""

from __future__ import annotations

import pytest

from modeltap.config.schedule_settings import ScheduleSettings, cron_of
from modeltap.errors import ConfigError


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
def test_weekdays_follow_cron(field, days):
    """As in crontab(5). For APScheduler 1 is a Tuesday."""
    assert cron_of(f"0 6 * * {field}") == f"0 6 * * {days}"


@pytest.mark.parametrize("text", ["15m", "30s", "6h", "daily", "weekly", "hourly", "*/5 * * * *"])
def test_valid_schedules(text):
    ScheduleSettings(analysis=text, digest=text).check()


@pytest.mark.parametrize(
    "text", ["sometimes", "61 * * * *", "* * *", "-5m", "0s", "", "0 6 * * 8", "0 6 * * 1/0"]
)
def test_an_invalid_schedule_is_a_one_line_error(text):
    with pytest.raises(ConfigError) as error:
        ScheduleSettings(retention=text).check()
    assert f"option schedules.retention = {text!r} is invalid" in str(error.value)
    assert "\n" not in str(error.value)
