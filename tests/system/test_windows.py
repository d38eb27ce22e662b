"""Windows of every kind in a real store: rows, months, late rows, sums, references that move."""

from __future__ import annotations

import datetime
import itertools
import json

import numpy as np
import pytest

from modeltap.alerts import lifecycle
from modeltap.analysis.counting.counter import WindowCounter
from modeltap.analysis.references.freeze import freeze_rows
from modeltap.jobs.pipeline import Analyzer
from modeltap.store.connection import connect
from modeltap.store.lease import HeldLease, Lease
from modeltap.store.predictions import rows_between
from modeltap.store.settings import SettingsReader
from stores import START, analyze, every, put, read


def numbers(count, seed=0, shift=0.0):
    rng = np.random.default_rng(seed)
    return [{"x": round(float(value), 6)} for value in rng.normal(10 + shift, 1, count)]


WINDOWS = "select window_start, window_end, rows from windows order by window_start"


def test_windows_of_rows_are_exact_and_begin_anew_after_the_reference(store):
    """From the first row; what is left of the reference is a window of its own."""
    put(store, every(1, 2350), numbers(2350))
    analyze(store, {"window": "500 rows", "reference": "first 1200 rows"})
    found = read(store, WINDOWS)
    assert [row["rows"] for row in found] == [500, 500, 200, 500, 500]
    for one, following in itertools.pairwise(found):
        assert one["window_end"] < following["window_start"]
    assert found[-1]["window_end"] == "2024-01-02T12:39:00.000Z"  # its own last row
    rows = read(
        store,
        "select distinct window_start, in_reference from metrics where metric = 'drift' order by 1",
    )
    assert [row["in_reference"] for row in rows] == [1, 1, 1, 0, 0]
    analyze(store, {"window": "500 rows", "reference": "first 1200 rows"}, include_open=True)
    rows = read(
        store,
        "select rows, window_end from metrics where metric = 'drift' and "
        "feature = 'x' order by window_start desc limit 1",
    )
    assert rows == [{"rows": 150, "window_end": "2024-01-02T15:09:00.000Z"}]


@pytest.mark.parametrize("steps", [(2000,), (1000, 1001, 1499, 2000), range(100, 2001, 100)])
def test_a_window_of_rows_ends_with_its_last_row_whenever_it_was_evaluated(store, steps):
    """In one pass, just when it is full, or with the next row there."""
    moments, rows, done = every(1, 2000), numbers(2000), 0
    for step in steps:
        put(store, moments[done:step], rows[done:step], prefix=f"p{step}-")
        analyze(store, {"window": "500 rows", "reference": "first 700 rows"}, include_open=True)
        done = step
    ends = read(
        store,
        "select window_start, window_end from metrics where metric = 'drift' and "
        "feature = 'x' order by 1",
    )
    places = [(0, 499), (500, 699), (700, 1199), (1200, 1699), (1700, 1999)]
    assert [(row["window_start"][:16], row["window_end"][:16]) for row in ends] == [
        (f"{moments[a]:%Y-%m-%dT%H:%M}", f"{moments[b]:%Y-%m-%dT%H:%M}") for a, b in places
    ]


@pytest.mark.parametrize("left", [1, 60, 250, 499])
def test_the_rows_after_a_reference_that_cuts_a_window_are_evaluated(store, left):
    """However few rows the reference's last window has, drift is seen from the next row on."""
    put(store, every(1, 500 + left), numbers(500 + left))
    put(store, every(1, 500, first=500 + left), numbers(500, 1, shift=3.0), prefix="hot")
    analyze(store, {"window": "500 rows", "reference": f"first {500 + left} rows"})
    found = read(
        store,
        "select rows, verdict, in_reference from metrics where metric = 'drift' and "
        "feature = 'x' order by window_start",
    )
    assert [row["rows"] for row in found] == [500, left, 500]
    assert [row["in_reference"] for row in found] == [1, 1, 0]
    assert found[-1]["verdict"] == "alert"


def test_the_rows_before_a_reference_that_cuts_a_window_are_evaluated(store):
    """A period that was named begins in the midst of them."""
    put(store, every(1, 2000), numbers(2000))
    connection = connect(store)
    said = {"window": "500 rows", "min_rows": 50}
    settings = SettingsReader(connection, said)
    with HeldLease(Lease(connection, "analysis"), 60) as lease:
        counter = WindowCounter(connection, settings, lease)
        counter.count_new()
        between = [
            (f"{moment:%Y-%m-%dT%H:%M:%S}.000Z", 0, 0) for moment in every(900, 3, first=300)
        ]
        picked = rows_between(connection, "m", "", *between[:2])
        freeze_rows(counter, "m", "", picked, "a period")
    connection.close()
    analyze(store, said)
    found = read(
        store,
        "select rows, in_reference from metrics where metric = 'drift' and "
        "feature = 'x' order by window_start",
    )
    assert [tuple(row.values()) for row in found] == [(300, 0), (500, 1), (400, 1), (500, 0)]


def test_a_pause_between_two_windows_of_rows_is_a_gap(store):
    """The second window of rows tells of it, as no window has a row in it."""
    put(store, every(3, 2000), numbers(2000))
    put(store, every(3, 600, first=3 * 2000 + 720), numbers(600, 1), prefix="later")
    analyze(store, {"window": "200 rows", "reference": "first 1000 rows"})
    found = read(
        store,
        "select window_start, rows, value from metrics where metric = 'gap_seconds' and "
        "verdict = 'alert' and in_reference = 0",
    )
    assert [(row["rows"], row["value"]) for row in found] == [(200, 723 * 60.0)]


def test_rows_of_one_time_are_cut_in_order_of_arrival(store):
    """An hour's worth of rows with one time stamp, and windows that end in the midst of it."""
    moments = [START + datetime.timedelta(hours=n // 700) for n in range(2800)]
    put(store, moments, numbers(2800))
    said = {"window": "300 rows", "reference": "first 600 rows"}
    analyze(store, said)
    found = read(store, WINDOWS)
    assert [row["rows"] for row in found[:2]] == [300, 300]
    assert len({row["window_start"] for row in found}) == len(found)
    assert sum(row["rows"] for row in found) <= 2800
    # What shares its time with the reference's last row is part of it.
    assert {row["rows"] for row in found} <= {300, 100}
    put(store, [moments[-1]] * 300, numbers(300, 1), prefix="later")
    analyze(store, said)
    assert sum(row["rows"] for row in read(store, WINDOWS)) == sum(
        row["rows"] for row in found
    ) + 300 * ((2800 - sum(row["rows"] for row in found) + 300) // 300)


def test_unordered_imports_make_the_same_windows_of_rows(store, tmp_path):
    """Event order is what counts, not that of the file."""
    moments, rows = every(1, 3000), numbers(3000)
    put(store, moments, rows)
    other = tmp_path / "other.db"
    order = np.random.default_rng(0).permutation(3000).tolist()
    put(other, [moments[n] for n in order], [rows[n] for n in order])
    said = {"window": "500 rows", "reference": "first 1000 rows"}
    for one in (store, other):
        analyze(one, said)
    counts = "select window_start, window_end, rows, counts from windows order by 1"
    assert read(store, counts) == read(other, counts)


def test_a_late_row_is_counted_in_its_window_of_rows_and_judged(store):
    """That window then has one more; those after it stay as they were."""
    put(store, every(1, 2000), numbers(2000))
    said = {"window": "500 rows", "reference": "first 1000 rows"}
    analyze(store, said)
    before = read(store, WINDOWS)
    put(store, [START + datetime.timedelta(minutes=1200.5)], numbers(1, 9), prefix="late")
    assert analyze(store, said).windows == 2  # and the traffic of its hour
    after = read(store, WINDOWS)
    assert [b["rows"] - a["rows"] for a, b in zip(before, after, strict=True)] == [0, 0, 1, 0]
    (row,) = read(
        store,
        "select rows from metrics where metric = 'drift' and feature = 'x' and window_start = ?",
        after[2]["window_start"],
    )
    assert row["rows"] == 501


def test_months_and_quarters_follow_the_calendar(store):
    """Leap day and all."""
    put(store, every(180, 1000), numbers(1000))  # to May
    analyze(
        store,
        {"window": "1 month", "reference": "first 200 rows", "min_rows": 50},
        include_open=True,
    )
    found = read(store, WINDOWS)
    assert [(r["window_start"][:10], r["window_end"][:10]) for r in found] == [
        ("2024-01-01", "2024-01-25"),  # the reference
        ("2024-01-25", "2024-02-01"),
        ("2024-02-01", "2024-03-01"),
        ("2024-03-01", "2024-04-01"),
        ("2024-04-01", "2024-05-01"),
        ("2024-05-01", "2024-06-01"),
    ]
    assert [r["rows"] for r in found] == [200, 48, 232, 248, 240, 32]


def test_longer_windows_are_sums_of_shorter_ones(store):
    """Also of those whose exchanges are gone."""
    put(store, every(6, 2400), numbers(2400))  # ten days, an hour has ten rows
    hourly = {"window": "1h", "reference": "first 480 rows"}
    analyze(store, hourly, include_open=True)
    connection = connect(store)
    connection.execute("delete from exchanges")
    connection.close()
    analyze(store, {**hourly, "window": "1d"}, include_open=True)
    found = read(store, "select rows, window_start from windows where window = '1d' order by 2")
    assert [row["rows"] for row in found] == [240] * 10
    daily = read(
        store,
        "select distinct window_start, rows from metrics where window = '1d' "
        "and metric = 'drift' order by 1",
    )
    assert [row["rows"] for row in daily] == [240] * 10


def test_a_late_row_has_its_group_of_small_windows_judged_anew(store):
    """Hours of ten rows are judged ten at a time; a row that comes late changes one group."""
    put(store, every(6, 2400), numbers(2400))
    said = {"window": "1h", "reference": "first 480 rows"}
    analyze(store, said)
    sql = (
        "select window_start, window_end, rows from metrics where metric = 'drift' "
        "and feature = 'x' order by 1"
    )
    before = read(store, sql)
    # The reference ends after 48 hours, and no group has hours before and after that.
    assert [row["rows"] for row in before[:6]] == [100, 100, 100, 100, 80, 100]
    put(store, [START + datetime.timedelta(hours=71, minutes=3)], numbers(1, 3), prefix="late")
    assert analyze(store, said).windows == 2  # and the traffic of its hour
    changed = [b for a, b in zip(before, read(store, sql), strict=True) if a != b]
    assert changed == [
        {
            "window_start": "2024-01-03T20:00:00.000Z",
            "window_end": "2024-01-04T06:00:00.000Z",
            "rows": 101,
        }
    ]


def test_rows_that_come_late_into_a_gap_join_the_window_after_it(store):
    """An hour without a row gets five: too few by themselves, and the next ones are judged."""
    moments = [m for m in every(1, 1200) if not 600 <= (m - START).total_seconds() / 60 < 660]
    put(store, moments, numbers(len(moments)))
    said = {"window": "1h", "reference": "first 240 rows", "min_rows": 60}
    analyze(store, said)
    put(store, every(1, 5, first=610), numbers(5, 4), prefix="late")
    analyze(store, said)
    found = read(
        store,
        "select window_start, window_end, rows from metrics where metric = 'drift' and "
        "feature = 'x' and window_start >= '2024-01-01T09' and window_start < '2024-01-01T13' "
        "order by 1",
    )
    assert [(r["window_start"][11:13], r["window_end"][11:13], r["rows"]) for r in found] == [
        ("09", "10", 60),
        ("10", "12", 65),
        ("12", "13", 60),
    ]


@pytest.mark.parametrize("window", ["1d", "700 rows"])
def test_killed_between_counting_and_judging_nothing_is_twice(store, window, monkeypatch):
    """What an unfinished pass left is finished by the next, to the same counts and metrics."""
    put(store, every(2, 5000), numbers(5000))
    said = {"window": window, "reference": "first 1440 rows"}

    def broken(connection, rows, rules, **_options):
        raise KeyboardInterrupt

    connection = connect(store)
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(lifecycle, "update", broken)
        Analyzer(store, connection, said).run()
    connection.close()
    analyze(store, said)
    total = read(store, "select sum(rows) as rows from windows")[0]["rows"]
    assert total == (5000 if window == "1d" else 1440 + 5 * 700)
    twice = "select 1 from runs group by job, window having count(*) > 1"
    assert read(store, twice) == []


def swing(moments, seed=0, size=3.0):
    """A daily and a weekly rhythm."""
    rng = np.random.default_rng(seed)
    rows = []
    for moment in moments:
        hours = (moment - START).total_seconds() / 3600
        level = size * np.sin(hours / 24 * 2 * np.pi) + (2.0 if moment.weekday() > 4 else 0.0)
        rows.append({"x": round(float(level + rng.normal()), 6)})
    return rows


def test_the_same_hours_of_last_week_are_a_seasonal_reference(store):
    """A daily rhythm is no news; the frozen first days call every other hour one."""
    moments = every(2, 30 * 24 * 21)
    put(store, moments, swing(moments))
    said = {"window": "3h", "min_rows": 80}
    analyze(store, {**said, "reference": "same hours last week"})
    drift = (
        "select window_start, verdict from metrics where metric = 'drift' and feature = 'x' "
        "and in_reference = 0 order by 1"
    )
    found = read(store, drift)
    assert sum(row["verdict"] == "alert" for row in found) <= 3 and len(found) > 100
    assert read(store, "select 1 from alerts") == []
    moments = every(2, 30 * 24, first=21 * 24 * 60)
    rows = [{"x": row["x"] + 2.0} for row in swing(moments, seed=1)]
    put(store, moments, rows, prefix="hot")
    analyze(store, {**said, "reference": "same hours last week"})
    alerts = read(store, "select window_start, metric from alerts where metric = 'drift'")
    assert alerts and all(row["window_start"] >= "2024-01-22" for row in alerts)


def test_the_previous_days_follow_a_slow_change(store):
    """What creeps is compared with yesterday and the days before; a jump is seen at once."""
    moments = every(5, 288 * 40)
    rows = numbers(len(moments))
    for number, row in enumerate(rows):
        row["x"] += number / 288 * 0.05 + (3.0 if number >= 288 * 35 else 0.0)
    put(store, moments, rows)
    analyze(store, {"window": "1d", "reference": "previous 7d"})
    found = read(store, "select feature, window_start from alerts where metric = 'drift'")
    assert found == [{"feature": "x", "window_start": "2024-02-05T00:00:00.000Z"}]
    fixed = read(store, 'select payload from "references"')
    assert json.loads(fixed[0]["payload"])["rolling"] == "previous 7d"


def test_before_there_are_rows_to_compare_with_there_is_no_verdict(store):
    """The first window after the bins were frozen, with an empty week before it."""
    moments = [*every(1, 1500), *every(1, 400, first=40 * 24 * 60)]
    put(store, moments, numbers(len(moments)))
    analyze(store, {"window": "1h", "reference": "previous 1d", "min_rows": 50}, include_open=True)
    found = read(
        store,
        "select verdict from metrics where metric = 'drift' and feature = 'x' "
        "and window_start >= '2024-02-01' order by window_start",
    )
    assert next(row["verdict"] for row in found) == "no_reference"
    assert [row["verdict"] for row in found][-1] == "ok"
