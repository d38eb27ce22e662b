"""Whatever requests, answers and labels hold, a store is analysed, to the end and in numbers."""

from __future__ import annotations

import json
import logging
import math

import numpy as np
import pytest

from bad_columns import CASES, INFINITE, WINDOW
from modeltap.errors import InputError
from modeltap.store.connection import connect, writing
from modeltap.store.labels import insert_labels
from stores import analyze, copied, every, put, read

MINUTES = 4.8
"""Between two rows: a day has as many as a case."""

DAYS = 4
SAID = {"window": "1d", "min_rows": 100, "multivariate": False, "task": "regression"}
REFERENCES = [f"first {DAYS * WINDOW} rows", "previous 3d"]


def good(day, shift=0.0):
    rng = np.random.default_rng(day)
    x = rng.normal(size=(3, WINDOW))
    return [
        {"bad": float(a), "x1": float(b) + shift, "x2": float(c)}
        for a, b, c in zip(*x, strict=True)
    ]


def put_day(store, day, rows, answers):
    put(
        store,
        every(MINUTES, WINDOW, first=day * 1440),
        rows,
        prefix=f"d{day}-",
        responses=[json.dumps(answer) for answer in answers],
    )


def label_day(store, day, values):
    """Label a day's rows, as far as the values may be labels; return how many."""
    connection = connect(store)
    labelled = 0
    for number, value in enumerate(values):
        try:
            with writing(connection):
                labelled += insert_labels(connection, [(f"d{day}-{number}", 0, value)], source="t")
        except InputError:
            continue  # a list or an object is none
    connection.close()
    return labelled


def answers(rows, predictions=None):
    """Return an answer for each row: about its `x2`, with a score, or what is said instead."""
    if predictions is None:
        return [
            {"prediction": row["x2"] + 0.1 * row["x1"], "score": abs(math.tanh(row["x2"]))}
            for row in rows
        ]
    return [{"prediction": value, "score": value} for value in predictions]


def spoilt(rows, case):
    values = CASES[case]
    if values is None:
        return [{name: row[name] for name in ("x1", "x2")} for row in rows]
    return [row | {"bad": value} for row, value in zip(rows, values, strict=True)]


@pytest.fixture(scope="module")
def good_days(tmp_path_factory):
    """A store of good days, with their labels."""
    store = tmp_path_factory.mktemp("good") / "taps.db"
    for day in range(DAYS):
        rows = good(day)
        put_day(store, day, rows, answers(rows))
        label_day(store, day, [row["x2"] for row in rows])
    return store


@pytest.fixture
def month(good_days, store):
    """Good days, with their labels, to add to."""
    return copied(good_days, store)


def check_finite(store):
    """No number that was computed is infinite; SQLite itself makes NaN null."""
    for table in ("metrics", "alerts", "windows", "traffic"):
        for row in read(store, f"select * from {table}"):
            for name, value in row.items():
                assert not (isinstance(value, float) and not math.isfinite(value)), (table, name)
    columns = "value, low, high, threshold, p_value, strength"
    for row in read(store, f"select metric, verdict, {columns} from metrics"):
        if row["verdict"] in ("ok", "alert"):
            assert row["value"] is not None, row


def verdicts(store, day):
    """Return the verdicts of a day by metric and feature."""
    rows = read(
        store,
        "select metric, feature, verdict from metrics where window_start = ?",
        f"2024-01-{day + 1:02}T00:00:00.000Z",
    )
    return {(row["metric"], row["feature"]): row["verdict"] for row in rows}


@pytest.mark.parametrize("reference", REFERENCES)
@pytest.mark.parametrize("case", CASES)
def test_bad_inputs_answers_and_labels(month, caplog, case, reference):
    """A column, the prediction, the score and the labels are bad; a shift elsewhere is found."""
    rows = spoilt(good(DAYS, shift=0.8), case)
    values = CASES[case] or [None] * WINDOW
    put_day(month, DAYS, rows, answers(rows, values))
    labels = [row["x2"] for row in rows] if case in INFINITE else values
    labelled = label_day(month, DAYS, labels)
    analyze(month, {**SAID, "reference": reference}, include_open=True)
    check_finite(month)
    found = verdicts(month, DAYS)
    assert found["drift", "x1"] == "alert" and found["drift", "x2"] == "ok"
    told = {feature for (_, feature), verdict in found.items() if verdict == "alert"}
    assert "bad" in told or case == "absent"
    assert {(feature or "bad").split(".")[0] for feature in told} <= {
        "bad",
        "x1",
        "prediction",
        "score",
        "answer",
    }
    assert (("mae", None) in found) == (labelled > 0) and ("error_rate", None) in found
    assert [r for r in caplog.records if r.levelno >= logging.ERROR] == []


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
def test_days_that_a_moving_reference_is_made_of(store, caplog, case):
    """The days before were bad, and the next is good: a shift elsewhere is found all the same."""
    for day in range(DAYS):
        rows = spoilt(good(day), case)
        put_day(store, day, rows, answers(rows, CASES[case]))
    for day, shift in ((DAYS, 0.0), (DAYS + 1, 0.8)):
        rows = good(day, shift)
        put_day(store, day, rows, answers(rows))
    analyze(store, {**SAID, "reference": "previous 3d"}, include_open=True)
    check_finite(store)
    assert verdicts(store, DAYS)["drift", "x1"] == "ok"
    found = verdicts(store, DAYS + 1)
    assert found["drift", "x1"] == "alert" and found["drift", "x2"] == "ok"
    assert [r for r in caplog.records if r.levelno >= logging.ERROR] == []


def test_bad_statuses_and_durations(month):
    """Where nobody knows how long it took it is no traffic; the others are, whatever they say."""
    connection = connect(month)
    durations = [None, math.nan, math.inf, -math.inf, -5.0, 0.0, 1e300, 2.0]
    for number, duration in enumerate(durations * 37):
        connection.execute(
            "update exchanges set duration_ms = ?, status = ? where id = ?",
            (duration, (None, 0, 200, 999)[number % 4], f"d0-{number}"),
        )
    connection.close()
    analyze(month, {**SAID, "reference": REFERENCES[0]}, include_open=True)
    check_finite(month)
    found = read(
        month,
        "select metric, value, rows from metrics where window_start like "
        "'2024-01-01%' and metric in ('error_rate', 'latency_p50_ms')",
    )
    known = WINDOW - 2 * 37
    assert {row["metric"]: row["rows"] for row in found} == {
        "error_rate": known,
        "latency_p50_ms": known,
    }
