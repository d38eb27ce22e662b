"""Rows for multivariate comparisons: of the window's own hours, with their baseline."""

from __future__ import annotations

import numpy as np
import pytest

from modeltap.analysis.counting.sample import ROWS, sample
from modeltap.analysis.model.local_times import local_times
from modeltap.analysis.references.learn_rhythm import Learnt
from modeltap.analysis.references.row_variation import RowGroups, row_baselines
from modeltap.config.settings import Settings
from rhythms import DAY, HOUR, MONDAY, hour_rows, joined, learnt_from


def grouped(learnt: Learnt, columns, times) -> RowGroups:
    rows = sample(columns, len(times), learnt.reference)
    return RowGroups(learnt.reference, rows, times, learnt.rhythm)


def baselines(correlations, rows=250):
    """Return the row baselines of days with these correlations of two columns, an hour each."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=rows * len(correlations))
    c = np.repeat(correlations, rows)
    y = c * x + np.sqrt(1 - c**2) * rng.normal(size=len(x))
    columns = {"x": x.tolist(), "y": y.tolist()}
    days = np.repeat(np.arange(len(correlations)), rows)
    times = MONDAY + DAY * days + np.sort(rng.random(len(x)) * HOUR)
    times = np.sort(times)
    learnt = learnt_from(columns, times, Settings(window="1h"))
    return row_baselines(grouped(learnt, columns, times), columns, times, learnt.windows)


def test_a_block_unlike_the_others_is_a_baseline():
    mixed = baselines([0.9, -0.9, 0.9, 0.9, 0.9])
    assert mixed["multivariate_drift"] > 0.6 and mixed["pca_reconstruction_error"] > 0.1
    assert all(np.isfinite(value) for value in mixed.values())


def test_chance_differences_are_not_a_baseline():
    assert baselines([0.9] * 5).get("multivariate_drift", 0.5) == 0.5


def test_nothing_is_learnt_from_few_blocks():
    assert baselines([0.9] * 3) == {}
    assert baselines([0.9] * 6, rows=15) == {}


@pytest.fixture(scope="module")
def week():
    rng = np.random.default_rng(1)
    parts = [hour_rows(rng, MONDAY + HOUR * n, 100, wave=0.4, weekend=0.3) for n in range(168)]
    columns, times = joined(parts)
    return learnt_from(columns, times, Settings()), columns, times


def compared_hours(groups, start, hours=1):
    """The weekdays and hours of the rows that a window is compared with."""
    span = start, start + HOUR * hours
    everywhere = np.ones(len(groups.moments), dtype=bool)
    places = groups.places(groups.keys_of([span]), everywhere)
    result = local_times(groups.moments[places], "UTC")
    return len(places), set(result.weekdays.tolist()), set(result.hours.tolist())


def test_rows_are_of_the_windows_own_hours(week):
    groups = grouped(*week)
    assert compared_hours(groups, MONDAY + 7 * DAY + 3 * HOUR) == (500, {0, 1, 2, 3, 4}, {3})
    few, days, hours = compared_hours(groups, MONDAY + 12 * DAY + 3 * HOUR)
    assert few == 600 and days == {5, 6} and hours == {2, 3, 4}
    assert compared_hours(groups, MONDAY + 7 * DAY, 24)[0] == ROWS


def test_one_sample_serves_all_windows_of_its_hours(week):
    """Results that were computed from it, such as a forest, are not computed again."""
    groups = grouped(*week)
    first = groups.compared([(MONDAY + 7 * DAY, MONDAY + 7 * DAY + HOUR)])
    assert groups.compared([(MONDAY + 9 * DAY, MONDAY + 9 * DAY + HOUR)]) is first
    assert groups.compared([(MONDAY + 12 * DAY, MONDAY + 12 * DAY + HOUR)]) is not first


def test_without_a_rhythm_or_times_all_rows_are_compared(week):
    learnt, columns, times = week
    steady = {"flat": columns["flat"], "word": columns["word"]}
    span = [(MONDAY, MONDAY + HOUR)]
    flat = grouped(learnt_from(steady, times, Settings()), steady, times)
    assert flat.compared(span).rows == ROWS
    groups = grouped(learnt, columns, times)
    unknown = RowGroups(groups.reference, groups.rows, np.full(len(times), np.nan), groups.rhythm)
    assert unknown.compared(span).rows == ROWS
