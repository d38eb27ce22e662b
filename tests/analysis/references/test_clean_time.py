"""Clean time: the periods of a rolling reference without incidents."""

from __future__ import annotations

import numpy as np
import pytest

from modeltap import clock
from modeltap.analysis.references.clean_time import ALL_TIME, CleanTime
from modeltap.config.reference_settings import parse_reference

HOUR, DAY, WEEK = clock.HOUR, clock.DAY, clock.WEEK
START = clock.parse("2024-01-08T10:00:00Z")


@pytest.mark.parametrize("hours", [1, 24])
@pytest.mark.parametrize("rolling", ["previous 7d", "same hours last week"])
def test_the_period_is_a_week_back_and_ends_before_the_window(rolling, hours):
    end = START + 3600 * hours
    ((begin, last),) = ALL_TIME.compared(parse_reference(rolling), START, end)
    assert START - begin == 7 * clock.DAY and begin < last <= START
    assert last - begin == (7 * clock.DAY if "previous" in rolling else 3600 * hours)


@pytest.mark.parametrize("seed", range(50))
@pytest.mark.parametrize("rolling", ["previous 2d", "same hours last week"])
def test_no_compared_moment_lies_in_an_incident(seed, rolling):
    """The periods are as long as without incidents, and the latest possible."""
    rng = np.random.default_rng(seed)
    ends = np.sort(rng.choice(24 * 20, 2 * int(rng.integers(0, 5)), replace=False)) * HOUR
    incidents = tuple((START - 21 * DAY + a, START - 21 * DAY + b) for a, b in ends.reshape(-1, 2))
    asked = parse_reference(rolling)
    spans = CleanTime(incidents).compared(asked, START, START + HOUR)
    assert all(b <= first or last <= a for a, b in spans for first, last in incidents)
    seconds = 2 * DAY if asked.kind == "previous" else HOUR
    assert sum(b - a for a, b in spans) == pytest.approx(seconds)
    assert spans == sorted(spans) and spans[-1][1] <= START
    if asked.kind == "previous":
        between = START - spans[0][0] - sum(b - a for a, b in spans)
        lost = sum(min(b, START) - max(a, spans[0][0]) for a, b in incidents if b > spans[0][0])
        assert between == pytest.approx(lost), "nothing but incidents is passed over"
    else:
        assert (START - spans[0][0]) % WEEK == 0


def test_nothing_before_a_new_normal_counts():
    new = CleanTime(since=START - 3 * DAY)
    assert new.compared(parse_reference("previous 7d"), START, START + HOUR) == [
        (START - 3 * DAY, START)
    ]
    week = parse_reference("same hours last week")
    assert new.compared(week, START, START + HOUR) == [(START - 3 * DAY, START)]
    later = START + 7 * DAY
    assert new.compared(week, later, later + HOUR) == [(START, START + HOUR)]
    assert CleanTime(since=START).compared(week, START, START + HOUR) == []
