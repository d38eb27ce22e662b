"""Labels that arrive before their rows or windows are evaluated together with them."""

from __future__ import annotations

import datetime
import itertools
import json
import sqlite3
import time
from contextlib import closing

import numpy as np
import pytest

from modeltap.clock import iso
from modeltap.store.connection import connect, writing
from modeltap.store.labels import Label, insert_labels
from modeltap.store.pending_work import pending_work
from stores import START, analyze, every, put, read

COUNT = 200


def part(store, number):
    """Return a day of two hundred rows; from the fourth day on predictions are off by three."""
    rng = np.random.default_rng(number)
    rows = [{"x": float(x)} for x in rng.normal(size=COUNT)]
    outputs = [json.dumps({"prediction": 10.0}) for _ in rows]
    put(store, every(7, COUNT, first=number * 1440), rows, prefix=f"d{number}-", responses=outputs)


def put_labels(store, *numbers):
    rng = np.random.default_rng(7)
    with closing(connect(store)) as connection, writing(connection):
        for number in numbers:
            off = 3.0 if number > 3 else 0.0
            truths = 10.0 + off + rng.normal(size=COUNT)
            labels = ((f"d{number}-{n}", 0, float(truth)) for n, truth in enumerate(truths))
            insert_labels(connection, labels, source="test")


def errors(store):
    stored = read(
        store, "select window_start, rows from metrics where metric = 'mae' order by window_start"
    )
    return [row["rows"] for row in stored]


@pytest.mark.parametrize("window", ["1d", f"{COUNT} rows"])
def test_early_labels_are_evaluated_with_their_rows(store, window):
    """All labels are stored and read before half of the rows arrive."""
    settings = {"window": window, "reference": f"first {2 * COUNT} rows"}
    for number in range(4):
        part(store, number)
    put_labels(store, *range(8))
    analyze(store, settings)
    for number in range(4, 8):
        part(store, number)
        analyze(store, settings)
    analyze(store, settings, include_open=True)
    assert errors(store) == [COUNT] * 8
    (alert,) = read(store, "select * from alerts where rule = 'performance'")
    # Errors grew on day 4; with a reference of two blocks the next day has to confirm it.
    assert alert["metric"] == "mae" and alert["window_start"] == iso(START.timestamp() + 5 * 86_400)
    days = read(store, "select sum(labels) as labels from label_days")
    assert days == [{"labels": 8 * COUNT}]


def test_labels_wait_for_an_incomplete_window(store):
    """Half of a window's rows and labels arrive first, the other half later."""
    settings = {"window": f"{2 * COUNT} rows", "reference": f"first {2 * COUNT} rows"}
    for number in range(5):
        part(store, number)
    analyze(store, settings)
    put_labels(store, *range(5))
    analyze(store, settings)
    assert errors(store) == [2 * COUNT] * 2
    part(store, 5)
    put_labels(store, 5)
    analyze(store, settings)
    assert errors(store) == [2 * COUNT] * 3


def test_a_label_stored_during_an_analysis_is_evaluated(store):
    """Its exchange arrives after the pass read the rows and before it reads the labels."""
    settings = {"window": "1d", "reference": f"first {2 * COUNT} rows"}
    for number in range(3):
        part(store, number)
    analyze(store, settings)
    part(store, 3)
    put_labels(store, 3)
    with closing(sqlite3.connect(store)) as connection:
        # The state after that pass: the labels were read, the rows were not.
        newest = connection.execute("select max(seq) from labels").fetchone()[0]
        connection.execute("insert or replace into watermarks values ('labels', ?)", (newest,))
        connection.commit()
    analyze(store, settings, include_open=True)
    assert errors(store) == [COUNT]


class Hours:
    """Hours of 80 rows each, of a model with an accuracy of .9 until it is inverted."""

    settings = {"window": "1h", "reference": "first 480 rows", "multivariate": False}  # noqa: RUF012
    rows = 80

    def __init__(self, store, hours, inverted):
        rng = np.random.default_rng(11)
        self.store, self.hours = store, hours
        count = hours * self.rows
        self.predictions = rng.integers(0, 2, size=count)
        right = rng.random(count) < 0.9
        right[inverted * self.rows :] ^= True
        self.truths = np.where(right, self.predictions, 1 - self.predictions)
        outputs = [json.dumps({"prediction": int(prediction)}) for prediction in self.predictions]
        rows = [{"x": float(x)} for x in rng.normal(size=count)]
        put(store, every(60 / self.rows, count), rows, prefix="r", responses=outputs)

    def label(self, hours, part=slice(None)):
        places = [n for hour in hours for n in range(hour * self.rows, (hour + 1) * self.rows)]
        with closing(connect(self.store)) as connection, writing(connection):
            labels = [(f"r{n}", 0, int(self.truths[n])) for n in places[part]]
            insert_labels(connection, labels, source="test")

    def metric(self, name):
        return [
            (int(row["window_start"][11:13]), int(row["window_end"][11:13] or 0), row["rows"])
            for row in read(
                self.store, f"select * from metrics where metric = '{name}' order by window_start"
            )
        ]


def test_an_inverted_model_alerts_at_80_labelled_rows_an_hour(store):
    """Hours with fewer than a hundred labels are evaluated in pairs."""
    hours = Hours(store, 24, inverted=18)
    for hour in range(20):
        hours.label([hour])
        # Twelve hours are six blocks, so that one window with a gross fault is enough to fire.
        analyze(store, {**hours.settings, "reference": "first 960 rows"})
    stored = hours.metric("accuracy")
    assert stored == [(first, first + 2, 160) for first in range(0, 20, 2)]
    (alert,) = read(store, "select * from alerts where rule = 'performance' and state = 'firing'")
    assert alert["window_start"] == iso(START.timestamp() + 18 * 3600)
    assert alert["severity"] == "critical"
    assert read(store, "select 1 from due_windows") == []


@pytest.mark.parametrize("order", ["in order", "reversed", 1, 2, 3])
def test_each_label_is_in_one_period_for_any_order(store, order):
    """This includes an hour with many labels between two that were evaluated without it."""
    hours = Hours(store, 13, inverted=9)
    places = list(range(12))
    if order == "reversed":
        places.reverse()
    elif order != "in order":
        np.random.default_rng(order).shuffle(places)
    for hour in places:
        hours.label([hour])
        analyze(store, {**hours.settings, "min_rows": 50 if hour % 4 == 3 else 100})
    stored = hours.metric("accuracy")
    assert sum(rows for _, _, rows in stored) == 12 * hours.rows
    assert all(before[1] == after[0] for before, after in itertools.pairwise(stored))
    with closing(connect(store)) as connection:
        assert not connection.execute("select 1 from due_windows").fetchall()


def test_late_labels_keep_evaluated_windows_together(store):
    """Half of the labels arrive first, in groups of three hours, then the others."""
    hours = Hours(store, 14, inverted=13)
    for hour in range(12):
        hours.label([hour], slice(None, None, 2))
        analyze(store, hours.settings)
    assert hours.metric("accuracy") == [(first, first + 3, 120) for first in (0, 3, 6, 9)]
    hours.label(range(12), slice(1, None, 2))
    analyze(store, hours.settings)
    assert hours.metric("accuracy") == [(first, first + 3, 240) for first in (0, 3, 6, 9)]
    analyze(store, hours.settings, again=True)
    assert hours.metric("accuracy") == [(first, first + 2, 160) for first in range(0, 12, 2)]


def test_no_period_crosses_the_end_of_the_reference(store):
    """The reference has six hours of rows; labels arrive for its last hour and the next one."""
    hours = Hours(store, 10, inverted=6)
    hours.label(range(4))
    hours.label([5, 6, 7])
    analyze(store, hours.settings)
    ends = [end for _, end, _ in hours.metric("accuracy")]
    assert 6 in ends


ARRIVALS = (
    "select metric, rows, value, explanation from metrics where metric like 'label_arrival%' "
    "order by metric"
)


def test_the_arrival_of_labels_is_computed_again_when_more_of_it_is_known(store, monkeypatch):
    """A day later, without a new label; the scheduler then starts an analysis."""
    hour = int(time.time() // 3600 - 2) * 3600
    moments = [datetime.datetime.fromtimestamp(hour + 10 * n, datetime.UTC) for n in range(200)]
    put(store, moments, [{"x": n % 7} for n in range(200)], prefix="r")
    with closing(connect(store)) as connection, writing(connection):
        labels = [
            Label(f"r{n}", 0, 1.0, labelled_at=iso(hour + 10 * n + (600 if n < 50 else 7200)))
            for n in range(100)
        ]
        insert_labels(connection, labels, source="test")
    analyze(store, {"min_rows": 50, "window": "1h"}, include_open=True)
    by_name = {row["metric"]: row for row in read(store, ARRIVALS)}
    assert by_name["label_arrival_1h"]["value"] == 0.25
    assert by_name["label_arrival_1h"]["rows"] == 200
    assert by_name["label_arrival_1d"]["value"] is None
    assert "is younger than 1d" in by_name["label_arrival_1d"]["explanation"]
    (delay,) = read(store, "select value from metrics where metric = 'label_delay_p50_seconds'")
    assert delay["value"] == pytest.approx(3900, abs=1)
    with closing(connect(store)) as connection:
        assert not pending_work(connection, time.time()).arrivals
        later = time.time() + 86_400
        assert pending_work(connection, later).arrivals
    monkeypatch.setattr(time, "time", lambda: later)
    analyze(store, {"min_rows": 50, "window": "1h"}, include_open=True)
    by_name = {row["metric"]: row for row in read(store, ARRIVALS)}
    assert by_name["label_arrival_1d"]["value"] == 0.5
    assert by_name["label_arrival_7d"]["value"] is None


def test_the_arrival_of_imported_labels_is_unknown(store):
    settings = {"window": "1d", "reference": f"first {2 * COUNT} rows"}
    part(store, 0)
    put_labels(store, 0)
    analyze(store, settings, include_open=True)
    rows = read(store, ARRIVALS)
    assert {row["value"] for row in rows} == {None} and len(rows) == 3
    assert all("send them with labelled_at" in row["explanation"] for row in rows)
    assert read(store, "select 1 from due_windows") == []
