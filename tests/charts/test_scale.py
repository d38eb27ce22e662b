"""Scales and ticks."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modeltap.charts.scale import Scale, time_ticks
from modeltap.clock import DAY

numbers = st.floats(-1e9, 1e9, allow_nan=False)


@given(numbers, st.floats(1e-6, 1e9))
def test_ticks_are_few_and_inside(low, span):
    """For any range that floats can distinguish."""
    if low + span == low or span < abs(low) * 1e-9:
        return
    ticks = Scale(low, low + span, 0, 1).ticks(5)
    assert len(ticks) <= 7
    assert all(low - span * 1e-6 <= tick <= low + span * (1 + 1e-6) for tick in ticks)


def test_one_value_is_in_the_middle():
    scale = Scale(3.0, 3.0, 0, 10)
    assert scale.at(3.0) == 5 and scale.ticks() == [3.0]


@pytest.mark.parametrize("days", [0.01, 0.2, 1, 3, 20, 90, 400, 4000])
def test_time_ticks_are_round_and_few(days):
    """Full minutes, hours, days or months, with the year at the first of each."""
    start = datetime(2024, 1, 31, 23, 30, tzinfo=UTC).timestamp()
    ticks = time_ticks(start, start + days * DAY, 8)
    assert 1 <= len(ticks) <= 9
    assert all(start <= tick.seconds <= start + days * DAY for tick in ticks)
    assert ticks[0].label.startswith("20")
