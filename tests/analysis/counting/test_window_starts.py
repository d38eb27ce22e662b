"""Starts and ends of windows: aligned, and split at the end of a reference."""

from __future__ import annotations

import numpy as np
import pytest

from modeltap import clock
from modeltap.analysis.counting.window_starts import by_window, cut_of, end_of, starts
from modeltap.analysis.model.reference import Reference
from modeltap.config.windows import Window
from modeltap.store.windows import Series

HOUR = clock.HOUR
NOON = clock.parse("2024-01-02T12:00:00Z")


def reference(state="active", to_time="2024-01-02T12:30:00.000Z"):
    return Reference(
        model="m", version="", source="", rows=2, features=(), to_time=to_time, state=state
    )


@pytest.mark.parametrize(
    ("window", "start"),
    [
        ("1h", "2024-01-02T12:00:00.000Z"),
        ("1d", "2024-01-02T00:00:00.000Z"),
        ("7d", "2024-01-01T00:00:00.000Z"),
        ("1 month", "2024-01-01T00:00:00.000Z"),
        ("1 quarter", "2024-01-01T00:00:00.000Z"),
    ],
)
def test_windows_of_each_length_are_aligned_to_the_calendar(window, start):
    result = starts(np.array([NOON + 59.0]), Window.parse(window))
    assert clock.iso(result[0]) == start == clock.iso(Window.parse(window).start(NOON + 59.0))


def test_each_known_time_is_in_one_window():
    moments = np.array([NOON + 10, np.nan, NOON + HOUR, NOON + 20])
    result = dict(by_window(moments, Window.parse("1h")))
    assert result == {NOON: [0, 3], NOON + HOUR: [2]}


def test_a_reference_that_ends_within_a_window_splits_it():
    cut = cut_of(reference())
    moments = np.array([NOON, NOON + 1799, NOON + 1800, NOON + 3599, NOON + HOUR])
    result = dict(by_window(moments, Window.parse("1h"), cut))
    assert result == {NOON: [0, 1], NOON + 1800: [2, 3], NOON + HOUR: [4]}
    series = Series("m", "", "r", "1h")
    ends = [end_of(reference(), series, clock.iso(start)) for start in result]
    assert [end[11:16] for end in ends] == ["12:30", "13:00", "14:00"]


@pytest.mark.parametrize("other", [reference("provisional"), reference(to_time=None)])
def test_other_references_do_not_split_windows(other):
    assert cut_of(other) is None
    assert end_of(other, Series("m", "", "r", "1h"), clock.iso(NOON)) == "2024-01-02T13:00:00.000Z"


def test_a_reference_that_ends_with_a_window_splits_none():
    cut = cut_of(reference(to_time="2024-01-02T13:00:00.000Z"))
    moments = np.array([NOON + 1, NOON + HOUR])
    result = dict(by_window(moments, Window.parse("1h"), cut))
    assert result == {NOON: [0], NOON + HOUR: [1]}
