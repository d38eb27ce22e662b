"""Windows of inputs: estimates before labels arrive, and days that do not repeat their hours."""

from __future__ import annotations

import json
from contextlib import closing

import numpy as np
import pytest

from modeltap.store.connection import connect, writing
from modeltap.store.labels import insert_labels
from stores import analyze, every, put, read

COUNT = 400


def add_day(store, number):
    """Add a day of rows whose scores are calibrated; return the labels."""
    rng = np.random.default_rng(number)
    x = rng.normal(size=COUNT)
    scores = 1 / (1 + np.exp(-2 * x))
    answers = [
        json.dumps({"prediction": "late" if score >= 0.5 else "on_time", "score": float(score)})
        for score in scores
    ]
    rows = [{"x": float(value)} for value in x]
    put(store, every(3, COUNT, first=number * 1440), rows, prefix=f"d{number}-", responses=answers)
    late = rng.uniform(size=COUNT) < scores
    return [
        (f"d{number}-{n}", 0, "late" if is_late else "on_time") for n, is_late in enumerate(late)
    ]


def add_labels(store, labels):
    with closing(connect(store)) as connection, writing(connection):
        insert_labels(connection, labels, source="test")


def metric(store, name):
    rows = read(store, "select * from metrics where metric = ? order by window_start", name)
    return {row["window_start"][:10]: row for row in rows}


@pytest.mark.parametrize("window", ["1d", f"{COUNT} rows"])
def test_a_window_without_labels_has_estimates(store, window):
    settings = {"window": window, "reference": f"first {2 * COUNT} rows", "positive": "late"}
    labels = [label for number in range(2) for label in add_day(store, number)]
    add_labels(store, labels)
    analyze(store, settings)
    later = [label for number in range(2, 5) for label in add_day(store, number)]
    analyze(store, settings, include_open=True)
    estimates = metric(store, "estimated_accuracy")
    assert len(estimates) >= 3
    assert all(row["verdict"] is None and row["rows"] == COUNT for row in estimates.values())
    unlabelled = set(estimates) - set(metric(store, "accuracy"))
    assert len(unlabelled) == 3
    # The truth arrives, and the estimates remain next to it.
    add_labels(store, later)
    analyze(store, settings, include_open=True)
    truth = metric(store, "accuracy")
    assert set(metric(store, "estimated_accuracy")) == set(estimates) <= set(truth)
    for day in unlabelled:
        assert estimates[day]["low"] <= truth[day]["value"] <= estimates[day]["high"]
    # Windows of the reference are evaluated before it has enough labels.
    known = {day for day, row in estimates.items() if row["value"] is not None}
    assert set(metric(store, "estimated_roc_auc")) == known >= unlabelled


def test_a_second_evaluation_repeats_the_estimates(store):
    settings = {"window": "1d", "reference": f"first {2 * COUNT} rows", "positive": "late"}
    add_labels(store, [label for number in range(2) for label in add_day(store, number)])
    analyze(store, settings)
    for number in range(2, 4):
        add_day(store, number)
    analyze(store, settings, include_open=True)
    before = metric(store, "estimated_brier")
    analyze(store, settings, include_open=True, again=True)
    after = metric(store, "estimated_brier")
    for day in ("2024-01-03", "2024-01-04"):  # after the reference
        assert before[day]["value"] == after[day]["value"]


def test_a_column_that_alerts_by_the_hour_is_left_out_of_the_rows_of_its_day(store):
    """With 10 rows an hour, drift and multivariate drift are evaluated by the day."""
    rng, count = np.random.default_rng(2), 8 * 240
    rows = [
        dict(zip("xyz", values, strict=True)) for values in rng.normal(size=(count, 3)).tolist()
    ]
    for faulty in rows[6 * 240 :: 2]:
        faulty["y"] = None
    put(store, every(6, count), rows)
    analyze(store, {"min_rows": 50, "reference": "first 5d"})
    days = read(store, "select value from metrics where metric = 'multivariate_drift'")
    alerts = read(store, "select metric, feature from alerts")
    assert days and alerts == [{"metric": "missing_rate", "feature": "y"}]
