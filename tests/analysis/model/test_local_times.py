"""Local times are those of the zone's clock."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from modeltap.analysis.model.local_times import local_times
from rhythms import DAY, MONDAY


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "Asia/Kolkata", "Pacific/Chatham"])
def test_local_times_are_those_of_the_zone(zone):
    """Also across both changes of the clock, and with offsets of three quarters of an hour."""
    moments = MONDAY + np.random.default_rng(0).random(500) * 366 * DAY
    result = local_times(moments, zone)
    expected = [datetime.fromtimestamp(moment, ZoneInfo(zone)) for moment in moments]
    assert result.hours.tolist() == [local_time.hour for local_time in expected]
    assert result.weekdays.tolist() == [local_time.weekday() for local_time in expected]
    assert result.dates.tolist() == [local_time.toordinal() for local_time in expected]
