"""Estimates next to the measured values of the same window, in the report for people."""

from __future__ import annotations

import json
from contextlib import closing

import numpy as np

from command import lines, modeltap
from modeltap.cli.estimates_beside import with_estimates
from modeltap.store.connection import connect, writing
from modeltap.store.labels import insert_labels
from stores import analyze, every, put

ROWS = 400


def row(metric, value, start="2024-01-01T00:00:00.000Z", segment=None):
    return {
        "model": "m",
        "version": "",
        "environment": None,
        "window_start": start,
        "window_end": "2024-01-02T00:00:00.000Z",
        "segment": segment,
        "metric": metric,
        "value": value,
        "low": None if value is None else value - 0.1,
        "high": None if value is None else value + 0.1,
    }


def test_an_estimate_joins_its_own_window_only():
    later = "2024-01-02T00:00:00.000Z"
    shown = with_estimates(
        [
            row("accuracy", 0.75),
            row("estimated_accuracy", 0.5),
            row("estimated_accuracy", 0.6, start=later),
            row("accuracy", 0.5, segment="output=a"),
        ]
    )
    assert [(own["metric"], own["estimated"]) for own in shown] == [
        ("accuracy", "0.5 (0.4 to 0.6)"),
        ("estimated_accuracy", None),
        ("accuracy", None),
    ]


def test_an_estimate_without_a_measured_value_remains():
    shown = with_estimates([row("accuracy", None), row("estimated_accuracy", 0.5)])
    assert [own["metric"] for own in shown] == ["accuracy", "estimated_accuracy"]
    assert shown[0]["estimated"] == "0.5 (0.4 to 0.6)"


def test_the_report_has_both(store):
    rng = np.random.default_rng(0)
    scores = rng.random(2 * ROWS).round(3)
    labels = rng.random(2 * ROWS) < scores
    responses = [json.dumps({"prediction": score}) for score in scores.tolist()]
    put(store, every(3.6, 2 * ROWS), [{"x": 1.0}] * 2 * ROWS, responses=responses)
    settings = {"window": "1d", "reference": f"first {ROWS} rows"}
    for part in (range(ROWS), range(ROWS, 2 * ROWS)):
        with closing(connect(store)) as connection, writing(connection):
            own = [(f"r{n}", 0, int(labels[n])) for n in part]
            insert_labels(connection, own, source="test")
        analyze(store, settings, include_open=True)
        analyze(store, settings, include_open=True, again=True)
    shown = modeltap("performance", "--store", store)
    header, *rest = shown.splitlines()
    assert "estimated" in header
    (accuracy,) = [line for line in rest if "  accuracy  " in line]
    assert " to " in accuracy and "estimated_accuracy" not in shown
    metrics = {own["metric"] for own in lines(modeltap("performance", "--store", store, "--json"))}
    assert {"accuracy", "estimated_accuracy"} <= metrics
