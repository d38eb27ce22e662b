"""Arrival curves of labels that come by the clock, from rows of earlier periods."""

from __future__ import annotations

import numpy as np
import pytest

from modeltap.analysis.arrival.arrival_curve import arrival_curve
from modeltap.analysis.arrival.periodic_arrival import (
    EvaluatedSpan,
    earlier_rows,
    is_periodic,
    most_periodic,
    periodic_curve,
    periodic_rows,
)

WEEKS = 9
ROWS = 9_000


def weekly(rng, times, jitter=0.0):
    """Return arrivals with a batch at the end of each week; 40 % wait for the next one."""
    week = np.floor(times / 7) + 1 + (rng.random(len(times)) < 0.4)
    late = np.random.default_rng(1).uniform(0, jitter, WEEKS + 3)
    return 7 * week + late[week.astype(int)]


def nightly(rng, times):
    return np.ceil(times) + (rng.random(len(times)) < 0.2)


def lognormal(rng, times):
    return times + rng.lognormal(0.5, 1.0, len(times))


def drawn(arrivals_of, now, seed=0):
    """Return the times and arrivals of labels that have come, and the curve of their ages."""
    rng = np.random.default_rng(seed)
    times = np.sort(rng.uniform(0, 7 * WEEKS, ROWS))
    arrivals = arrivals_of(rng, times)
    seen = (arrivals <= now) & (times < now)
    times, arrivals = times[seen], arrivals[seen]
    return times, arrivals, arrival_curve(arrivals - times, now - times)


def chosen(arrivals_of, window):
    times, arrivals, by_age = drawn(arrivals_of, window.now)
    return [periodic_rows(times, arrivals, window, period, by_age) for period in (1.0, 7.0)]


@pytest.mark.parametrize("day", range(1, 7))
def test_a_weekly_batch_has_the_same_fraction_for_all_rows_of_a_week(day):
    window = EvaluatedSpan(49.0 + day, 50.0 + day, now=56.0)
    choices = chosen(weekly, window)
    assert [is_periodic(gain) for gain, _ in choices] == [False, True]
    rows = most_periodic(choices)
    fractions = periodic_curve(rows, window).at(np.array([window.now - window.end, 7.0 - day]))
    assert fractions == pytest.approx(0.6, abs=0.12)


def test_labels_of_the_last_period_may_still_be_pending():
    """Of the last week only fast labels are known, which says nothing about their fraction."""
    window = EvaluatedSpan(20.0, 21.0, now=21.0)
    rng = np.random.default_rng(0)
    times = rng.uniform(0, 20, 8000)
    arrivals = weekly(rng, times)
    seen = arrivals <= 21
    rows = earlier_rows(times[seen], arrivals[seen], window, 7.0)
    assert set(zip(rows.lags.tolist(), rows.waits.tolist(), strict=True)) == {
        (1, 0),
        (1, 1),
        (2, 0),
        (2, 1),
    }
    assert periodic_curve(rows, window).at(np.array([0.5]))[0] == pytest.approx(0.6, abs=0.07)


def test_nightly_labels_of_a_week():
    window = EvaluatedSpan(49.0, 56.0, now=56.0)
    rows = most_periodic(chosen(nightly, window))
    curve = periodic_curve(rows, window)
    assert curve.at(np.array([0.1]))[0] == pytest.approx(0.8, abs=0.06)
    assert curve.at(np.array([6.5]))[0] == pytest.approx(1.0, abs=0.01)
    assert curve.relative_variance(np.array([0.1, 0.4])) < 0.01


@pytest.mark.parametrize("day", [0.0, 2.5, 6.0])
def test_delays_without_a_clock_have_no_period(day):
    assert most_periodic(chosen(lognormal, EvaluatedSpan(49 + day, 50 + day, now=51 + day))) is None


def test_batches_that_are_late_by_hours_are_recognised():
    """The last batch arrived sooner than those before, so none of theirs had come by then."""
    window = EvaluatedSpan(48.0, 49.0, now=49.0 + 0.01)
    rng = np.random.default_rng(0)
    times = rng.uniform(0, 49, ROWS)
    arrivals = weekly(rng, times, jitter=0.4)
    arrivals = np.where((arrivals >= 49) & (arrivals < 50), 49.005, arrivals)
    seen = arrivals <= window.now
    times, arrivals = times[seen], arrivals[seen]
    by_age = arrival_curve(arrivals - times, window.now - times)
    gain, rows = periodic_rows(times, arrivals, window, 7.0, by_age)
    assert is_periodic(gain) and rows.late == 0.5
    assert periodic_curve(rows, window).at(np.array([0.5]))[0] == pytest.approx(0.6, abs=0.08)


@pytest.mark.parametrize("rows", [0, 1, 3])
def test_hardly_any_rows_have_no_period(rows):
    times = np.linspace(0, 40, rows)
    by_age = arrival_curve(np.ones(5), np.full(5, 9.0))
    gain, earlier = periodic_rows(times, times + 1, EvaluatedSpan(48.0, 49.0, 49.0), 7.0, by_age)
    assert not is_periodic(gain) and most_periodic([(gain, earlier)]) is None


def test_rows_at_some_places():
    times = np.array([0.5, 7.5, 9.0, 0.7])
    rows = earlier_rows(times, times + 1, EvaluatedSpan(14.0, 15.0, 15.0), 7.0)
    assert rows.places.tolist() == [0, 1, 3]
    assert rows.at(np.array([1, 3])).lags.tolist() == [1, 2]
