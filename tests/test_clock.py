"""Timestamps: their text sorts like time, and only valid times are parsed."""

from __future__ import annotations

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modeltap import clock

seconds = st.floats(clock.EARLIEST, clock.LATEST - 1)


@given(seconds, seconds)
def test_timestamps_sort_like_time(one, other):
    """With a resolution of a millisecond."""
    assert (clock.iso(one) < clock.iso(other)) <= (one < other)


@given(seconds)
def test_timestamps_are_parsed_to_the_same_time(moment):
    """Within a millisecond."""
    assert clock.parse(clock.iso(moment)) == pytest.approx(moment, abs=6e-4)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1_700_000_000, 1_700_000_000.0),
        (1_700_000_000_000, 1_700_000_000.0),
        (datetime.date(1970, 1, 2), 86_400.0),
        (" 1970-01-01T00:00:01Z ", 1.0),
        ("1970-01-01T01:00:00+01:00", 0.0),
        (True, None),
        (45291.5, 1_704_024_000.0),
        (29_221, 315_532_800.0),
        (73_050, 4_102_358_400.0),
        (29_220, 29_220.0),
        (73_051, 73_051.0),
        ("soon", None),
        ("", None),
        (None, None),
        (float("nan"), None),
        (float("inf"), None),
        (1e300, None),
        (10**400, None),
    ],
)
def test_times_in_many_formats_are_parsed(value, expected):
    """Seconds, milliseconds, dates and ISO 8601; anything else is None."""
    assert clock.parse(value) == expected


def test_durations_and_times_are_formatted_for_people():
    """Without redundant zeros."""
    assert [clock.length(n) for n in (59.96, 119, 120, 86_400, 172_800)] == [
        "60 s",
        "119 s",
        "2 min",
        "24 h",
        "2 d",
    ]
    assert clock.short(None) == "-"
    assert clock.short("2024-01-01T10:15:00.000Z") == "2024-01-01 10:15"
