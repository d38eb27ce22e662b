"""Labels of a live model that arrive in the course of days, from the store to alerts."""

from __future__ import annotations

import json
from contextlib import closing

import numpy as np
import pytest

from modeltap.clock import iso
from modeltap.store.connection import connect, writing
from stores import START, analyze, every, put, read

DAY = 86_400
DAYS, ROWS = 10, 300
REFERENCE = 5
SETTINGS = {"window": "1d", "reference": f"first {REFERENCE * ROWS} rows", "multivariate": False}


class Model:
    """Ten days of scores. Labels arrive within half a day or, if they agree with the score, four.

    From day `worse_from` on, scores mean half of what they meant.
    """

    def __init__(self, store, *, worse_from=DAYS):
        rng = np.random.default_rng(3)
        self.store, count = store, DAYS * ROWS
        self.scores = rng.beta(0.6, 0.6, size=count)
        chance = self.scores.copy()
        chance[worse_from * ROWS :] = 0.5 + (chance[worse_from * ROWS :] - 0.5) * 0.5
        self.labels = (rng.random(count) < chance).astype(int)
        right = (self.scores >= 0.5) == self.labels
        times = START.timestamp() + np.arange(count) * DAY / ROWS
        self.arrivals = times + DAY * rng.uniform(0.05, np.where(right, 4.0, 0.5))
        self.sent = np.zeros(count, dtype=bool)
        outputs = [json.dumps({"prediction": score}) for score in self.scores.tolist()]
        rows = [{"x": float(x)} for x in rng.normal(size=count)]
        put(store, every(1440 / ROWS, count), rows, responses=outputs)
        with closing(connect(store)) as connection, writing(connection):
            connection.execute("update exchanges set source = 'asgi', method = 'POST'")

    def analyze(self, day):
        """Send the labels that have arrived until `day`, and analyse."""
        due = (self.arrivals <= START.timestamp() + day * DAY) & ~self.sent
        self.sent |= due
        with closing(connect(self.store)) as connection, writing(connection):
            places = np.flatnonzero(due)
            connection.executemany(
                "insert into labels (exchange_id, row, value, source, received_at) "
                "values (?, 0, ?, 'test', ?)",
                [
                    (f"r{place}", int(self.labels[place]), iso(self.arrivals[place]))
                    for place in places[np.argsort(self.arrivals[places])].tolist()
                ],
            )
        analyze(self.store, SETTINGS)


def metrics(store, name, day):
    return read(
        store,
        "select * from metrics where metric = ? and window_start = ?",
        name,
        iso(START.timestamp() + day * DAY),
    )


def test_labels_of_errors_that_arrive_first_do_not_alert(store):
    model = Model(store)
    lowest = 1.0
    for look in np.arange(REFERENCE + 4, DAYS + 5, 0.25):
        model.analyze(look)
        for day in range(REFERENCE, DAYS):
            for accuracy in metrics(store, "accuracy", day):
                lowest = min(lowest, accuracy["value"] or 1.0)
    baseline = np.mean((model.scores >= 0.5) == model.labels)
    assert lowest < baseline - 0.1  # the first labels alone are much worse
    assert read(store, "select * from alerts where rule = 'performance'") == []
    evaluated = read(store, "select rows, verdict from metrics where metric = 'accuracy'")
    assert sum(row["rows"] for row in evaluated) == DAYS * ROWS
    assert {row["verdict"] for row in evaluated} <= {"ok", "learning"}


def test_a_worse_model_alerts_before_all_labels_have_arrived(store):
    model = Model(store, worse_from=REFERENCE + 1)
    for look in np.arange(REFERENCE + 4, DAYS + 5, 0.5):
        model.analyze(look)
        firing = read(store, "select * from alerts where rule = 'performance' and state = 'firing'")
        if firing:
            break
    assert firing and firing[0]["window_start"] >= iso(START.timestamp() + (REFERENCE + 1) * DAY)
    assert look < DAYS


@pytest.mark.parametrize("worse_from", [DAYS, REFERENCE + 1])
def test_estimates_are_corrected_by_the_labels_that_have_arrived(store, worse_from):
    model = Model(store, worse_from=worse_from)
    model.analyze(REFERENCE + 4)
    model.analyze(DAYS + 0.5)
    day = DAYS - 1
    (estimate,) = metrics(store, "estimated_accuracy", day)
    own = slice(day * ROWS, (day + 1) * ROWS)
    truth = np.mean((model.scores[own] >= 0.5) == model.labels[own])
    (measured,) = metrics(store, "accuracy", day)
    assert abs(estimate["value"] - truth) < abs(measured["value"] - truth)
    assert estimate["low"] <= truth <= estimate["high"]
    assert f"{measured['rows']} of {ROWS}" in estimate["explanation"]
    assert estimate["verdict"] is None
