"""Ground truth that is there before its rows, or before their window, is judged with them."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing

import numpy as np
import pytest

from modeltap.clock import iso
from modeltap.store.connection import connect, writing
from modeltap.store.labels import insert_labels
from stores import START, analyze, every, put, read

COUNT = 200


def part(store, number):
    """A day of two hundred rows; from the fourth on the model is wrong by three."""
    rng = np.random.default_rng(number)
    rows = [{"x": float(x)} for x in rng.normal(size=COUNT)]
    answers = [json.dumps({"prediction": 10.0}) for _ in rows]
    put(store, every(7, COUNT, first=number * 1440), rows, prefix=f"d{number}-", responses=answers)


def tell(store, *numbers):
    rng = np.random.default_rng(7)
    with closing(connect(store)) as connection, writing(connection):
        for number in numbers:
            off = 3.0 if number > 3 else 0.0
            truths = 10.0 + off + rng.normal(size=COUNT)
            told = ((f"d{number}-{n}", 0, float(truth)) for n, truth in enumerate(truths))
            insert_labels(connection, told, source="test")


def errors(store):
    found = read(
        store, "select window_start, rows from metrics where metric = 'mae' order by window_start"
    )
    return [row["rows"] for row in found]


@pytest.mark.parametrize("window", ["1d", f"{COUNT} rows"])
def test_labels_that_wait_for_their_rows_are_judged_with_them(store, window):
    """All of them are told, and looked at, before half of the rows come."""
    said = {"window": window, "reference": f"first {2 * COUNT} rows"}
    for number in range(4):
        part(store, number)
    tell(store, *range(8))
    analyze(store, said)
    for number in range(4, 8):
        part(store, number)
        analyze(store, said)
    analyze(store, said, open_too=True)
    assert errors(store) == [COUNT] * 8
    (alert,) = read(store, "select * from alerts where rule = 'performance'")
    # The errors grew on day 4; a reference of two blocks has the day after confirm it.
    assert alert["metric"] == "mae" and alert["window_start"] == iso(START.timestamp() + 5 * 86_400)
    days = read(store, "select sum(labels) as labels from label_days")
    assert days == [{"labels": 8 * COUNT}]


def test_labels_of_rows_whose_window_is_not_full_yet_wait_for_it(store):
    """Half a window of rows is seen, with its labels; the other half comes later."""
    said = {"window": f"{2 * COUNT} rows", "reference": f"first {2 * COUNT} rows"}
    for number in range(5):
        part(store, number)
    analyze(store, said)
    tell(store, *range(5))
    analyze(store, said)
    assert errors(store) == [2 * COUNT] * 2
    part(store, 5)
    tell(store, 5)
    analyze(store, said)
    assert errors(store) == [2 * COUNT] * 3


def test_a_label_told_while_an_analysis_is_at_work(store):
    """Its exchange comes after the rows were read, and before the labels are."""
    said = {"window": "1d", "reference": f"first {2 * COUNT} rows"}
    for number in range(3):
        part(store, number)
    analyze(store, said)
    part(store, 3)
    tell(store, 3)
    with closing(sqlite3.connect(store)) as connection:
        # As it is when that pass is over: the labels were looked at, the rows were not.
        newest = connection.execute("select max(seq) from labels").fetchone()[0]
        connection.execute("insert or replace into watermarks values ('labels', ?)", (newest,))
        connection.commit()
    analyze(store, said, open_too=True)
    assert errors(store) == [COUNT]
