"""The worst slices of a window: metrics without verdicts, and a part of its alert."""

from __future__ import annotations

import json
from contextlib import closing

import numpy as np

from modeltap.analysis.model.metric import ALERT, Metric
from modeltap.analysis.slices.window_slices import slice_metrics, with_slices
from modeltap.config.settings import Settings
from modeltap.jobs.pipeline import Analyzer
from modeltap.store.connection import connect, writing
from modeltap.store.labels import Label, insert_labels
from modeltap.store.predictions import LAST, labelled_predictions
from modeltap.testing import WebhookReceiver
from stores import analyze, every, put, read

ROWS, WINDOWS = 1000, 4
CHECKED = {"window": "1000 rows", "reference": "first 2000 rows", "multivariate": False}


def fill(store, first_bad):
    """Store four windows; from one of them on, one carrier is late in the evening."""
    rng = np.random.default_rng(4)
    total = ROWS * WINDOWS
    bodies = [
        {"carrier": str(c), "hour": int(h)}
        for c, h in zip(
            rng.choice(["EV", "UA", "B6"], total), rng.integers(5, 24, total), strict=True
        )
    ]
    bad = np.array([b["carrier"] == "EV" and b["hour"] >= 18 for b in bodies])
    bad &= np.arange(total) >= first_bad * ROWS
    labels = rng.integers(0, 2, total)
    wrong = rng.random(total) < np.where(bad, 0.8, 0.05)
    responses = [json.dumps({"prediction": int(n ^ w)}) for n, w in zip(labels, wrong, strict=True)]
    put(store, every(1, total), bodies, responses=responses)
    with closing(connect(store)) as connection, writing(connection):
        own = [Label(f"r{n}", 0, int(label)) for n, label in enumerate(labels)]
        insert_labels(connection, own, source="test")


def slices_in(store):
    return read(store, "select * from metrics where metric = 'slice_error' order by window_start")


def test_an_alert_names_the_worst_slice(store):
    """Also in its message, without the value of the category."""
    fill(store, first_bad=2)
    with WebhookReceiver() as receiver:
        webhooks = [{"url": receiver.url, "allow_private": True}]
        analyze(store, {**CHECKED, "webhooks": webhooks}, include_open=True)
        with closing(connect(store)) as connection:
            Analyzer(store, connection, {**CHECKED, "webhooks": webhooks}).deliver()
    (alert,) = read(store, "select * from alerts where metric = 'accuracy'")
    assert "; worst where carrier = 'EV' and hour >= 18: wrong predictions" in alert["summary"]
    row = slices_in(store)[-1]
    assert (row["segment"], row["verdict"]) == ("carrier = EV and hour >= 18", None)
    assert row["low"] < row["value"] < row["high"] and row["p_value"] < 1e-6
    assert json.loads(alert["examples"]) == json.loads(row["examples"])
    assert row["window_start"] == alert["last_window_start"]
    event = next(r.event for r in receiver.received if r.event["type"] == "alert.firing")
    assert "carrier = [value] and hour >= 18" in event["data"]["summary"]
    assert read(store, "select * from alerts where metric = 'slice_error'") == []


def test_a_slice_that_was_always_bad_is_in_the_latest_window_only(store):
    fill(store, first_bad=0)
    analyze(store, CHECKED, include_open=True)
    assert read(store, "select * from alerts where rule = 'performance'") == []
    (row,) = slices_in(store)
    latest = read(store, "select max(window_start) as start from metrics where metric = 'accuracy'")
    assert row["window_start"] == latest[0]["start"]


def test_corrected_labels_replace_the_slices(store):
    """The rows of the former slice are right now."""
    fill(store, first_bad=3)
    analyze(store, CHECKED, include_open=True)
    predictions = read(store, "select exchange_id, prediction from predictions")
    with closing(connect(store)) as connection, writing(connection):
        own = [Label(row["exchange_id"], 0, row["prediction"]) for row in predictions]
        insert_labels(connection, own, source="test")
    analyze(store, CHECKED, include_open=True)
    assert slices_in(store) == []


def test_few_labels_and_quiet_windows_have_none(store):
    fill(store, first_bad=0)
    analyze(store, {})
    with closing(connect(store)) as connection:
        rows = labelled_predictions(connection, "m", "", ("", 0, 0), LAST)
        assert slice_metrics(connection, Settings(), None, rows[:50]) == []
        quiet = [Metric(metric="accuracy", rows=9, verdict="ok")]
        assert with_slices(quiet, connection, Settings(), None, rows, is_latest=False) == quiet
        shown = with_slices(quiet, connection, Settings(), None, rows, is_latest=True)
        assert [metric.metric for metric in shown] == ["accuracy", "slice_error"]
        alerts = [Metric(metric="mae", rows=9, verdict=ALERT, strength=s) for s in (1.0, 3.0)]
        shown = with_slices(alerts, connection, Settings(), None, rows, is_latest=False)
        assert shown[0] == alerts[0] and shown[1].explanation.startswith("worst where")
