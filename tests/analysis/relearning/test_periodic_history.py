"""The arrival of a window's labels by the clock, from the rows of a store."""

from __future__ import annotations

from contextlib import closing

import numpy as np
import pytest

from modeltap.analysis.relearning.label_history import LabelHistory
from modeltap.analysis.relearning.periodic_history import PeriodicHistory, history_of_window
from modeltap.clock import DAY, HOUR, WEEK, iso
from modeltap.store.connection import connect, writing
from modeltap.store.labelled_rows import LabelledPrediction
from stores import START, analyze, every, put

BEGIN = START.timestamp()
ROWS = 2_000
HOURS = 0.5
"""Between rows: six weeks."""

NOW = BEGIN + 5 * WEEK


class Frozen:
    """As much of a reference as a history reads."""

    model, version = "m", ""
    from_time, to_time = iso(BEGIN), iso(BEGIN + 2 * WEEK)


def batches(seconds, rng):
    """Return the ends of weeks, counted from the first row; a quarter waits for the next one."""
    return (np.floor(seconds / WEEK) + 1 + (rng.random(len(seconds)) < 0.25)) * WEEK


def delays(seconds, rng):
    return seconds + rng.lognormal(0, 1, len(seconds)) * DAY


def filled(store, arrivals_of):
    put(store, every(HOURS * 60, ROWS), [{"x": 1.0}] * ROWS)
    analyze(store, {"window": "1d"})
    seconds = np.arange(ROWS) * HOURS * HOUR
    arrivals = BEGIN + arrivals_of(seconds, np.random.default_rng(0))
    with closing(connect(store)) as connection, writing(connection):
        connection.execute("update exchanges set source = 'asgi', method = 'POST'")
        connection.executemany(
            "insert into labels (exchange_id, value, received_at) values (?, 1, ?)",
            [(f"r{n}", iso(at)) for n, at in enumerate(arrivals.tolist()) if at <= NOW],
        )


def rows_of(start, length, count=50):
    times = np.linspace(start, start + length, count, endpoint=False)
    return [LabelledPrediction(1.0, None, iso(time)) for time in times.tolist()]


def test_labels_of_a_week_that_come_on_one_day(store):
    filled(store, batches)
    with closing(connect(store)) as connection:
        history = LabelHistory(connection, Frozen, NOW)
        rows = rows_of(BEGIN + 4 * WEEK + 5 * DAY, DAY)
        own = history_of_window(history, rows)
        assert isinstance(own, PeriodicHistory)
        ages = own.ages(rows)
        assert own.curve.at(ages) == pytest.approx(0.75, abs=0.12)
        assert (
            own.curve_of(np.arange(len(own.known.rows))).at(ages).tolist()
            == own.curve.at(ages).tolist()
        )
        assert history.curve.at(ages).mean() < 0.4  # by their age alone


def test_labels_that_take_days_are_known_by_age(store):
    filled(store, delays)
    with closing(connect(store)) as connection:
        history = LabelHistory(connection, Frozen, NOW)
        assert history_of_window(history, rows_of(BEGIN + 4 * WEEK + 5 * DAY, DAY)) is history


@pytest.mark.parametrize(
    "rows",
    [[], rows_of(BEGIN, 0.0), [LabelledPrediction(1.0, None)], rows_of(BEGIN, DAY)],
    ids=["none", "one moment", "no time", "no earlier weeks"],
)
def test_windows_without_earlier_periods(store, rows):
    filled(store, batches)
    with closing(connect(store)) as connection:
        history = LabelHistory(connection, Frozen, NOW)
        assert history_of_window(history, rows) is history


def test_earlier_rows_are_as_old_as_the_window_by_the_clock(store):
    """A row of the reference has its label if the batch that corresponds to the last one had it."""
    filled(store, batches)
    with closing(connect(store)) as connection:
        history = LabelHistory(connection, Frozen, NOW)
        rows = rows_of(BEGIN + 4 * WEEK + 5 * DAY, DAY)
        known = history.of_reference
        ages = history_of_window(history, rows).given_ages(known.moments, rows)
        own = np.isfinite(ages)
        day = (known.moments - BEGIN) % WEEK // DAY
        assert own.any() and set(day[own]) == {5}  # the day of the week that the window is
        assert set(ages[own] + known.moments[own] - BEGIN) == {WEEK, 2 * WEEK}
        assert (known.delays <= ages)[own].mean() == pytest.approx(0.75, abs=0.12)
        by_age = history.given_ages(known.moments, rows)
        assert (known.delays <= by_age)[own].mean() < 0.6


def test_a_reference_with_few_rows_at_that_time_is_given_ages(store):
    filled(store, batches)
    with closing(connect(store)) as connection:
        history = LabelHistory(connection, Frozen, NOW)
        rows = rows_of(BEGIN + 4 * WEEK + 5 * DAY, DAY)
        few = history.of_reference.moments[:90]
        given = history_of_window(history, rows).given_ages(few, rows)
        assert given.tolist() == history.given_ages(few, rows).tolist()
