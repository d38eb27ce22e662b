"""`modeltap explain`: what goes with a loss of performance, and the evidence of other alerts."""

from __future__ import annotations

import json
from contextlib import closing

import numpy as np
import pytest

from command import lines, modeltap
from modeltap.store.connection import connect, writing
from modeltap.store.labels import insert_labels
from stores import analyze, every, put, read

DAY = 800
SETTINGS = {"window": "1d", "reference": f"first {3 * DAY} rows", "multivariate": False}


def day_of(store, day, *, carrier=0.1, wrong=0.4, temp=10.0):
    """Store a day of rows; the predictions for carrier EV are wrong more often."""
    rng = np.random.default_rng(day)
    is_ev = rng.random(DAY) < carrier
    labels = rng.random(DAY) < 0.5
    right = rng.random(DAY) >= np.where(is_ev, wrong, 0.04)
    temps = rng.normal(temp, 5, DAY).round(1).tolist()
    rows = [
        {"carrier": "EV" if ev else "UA", "temp": own, "seats": int(seats)}
        for ev, own, seats in zip(is_ev, temps, rng.integers(1, 9, DAY), strict=True)
    ]
    predictions = np.where(right, labels, ~labels)
    responses = [json.dumps({"prediction": int(own)}) for own in predictions]
    put(store, every(1.8, DAY, first=day * 1440), rows, prefix=f"d{day}-", responses=responses)
    with closing(connect(store)) as connection, writing(connection):
        own = [(f"d{day}-{n}", 0, int(label)) for n, label in enumerate(labels)]
        insert_labels(connection, own, source="test")


def explained(store, metric="accuracy"):
    """Return the explanation of the alert about a metric."""
    (alert,) = read(store, "select * from alerts where metric = ? and state = 'firing'", metric)
    shown = modeltap("explain", "--store", store, "--alert", alert["id"][:12])
    (row,) = lines(modeltap("explain", "--store", store, "--alert", alert["id"], "--json"))
    return row, shown


def test_the_drift_that_costs_accuracy_is_first_although_another_is_larger(store):
    """And the message has it, too."""
    for day in range(6):
        late = day >= 4
        day_of(store, day, carrier=0.6 if late else 0.1, temp=16.0 if late else 10.0)
    analyze(store, SETTINGS, include_open=True)
    row, shown = explained(store)
    assert row["loss"]["changed"] == "inputs"
    first, *others = row["loss"]["parts"]
    assert first["feature"] == "carrier" and first["fraction"] > 0.7
    assert first["drift_verdict"] == "alert"
    (temp,) = (part for part in others if part["feature"] == "temp")
    assert temp["drift_verdict"] == "alert" and abs(temp["loss"]) < 0.05
    assert "with the drift of carrier" in row["alert"]["summary"]
    assert "mostly because inputs drifted:" in shown and "drift of carrier" in shown
    metrics = read(store, "select * from metrics where metric = 'loss_from_drift'")
    assert {own["feature"] for own in metrics} >= {None, "carrier"}


def test_a_changed_relation_is_called_so(store):
    for day in range(6):
        day_of(store, day, wrong=0.4 if day < 4 else 1.0)
    analyze(store, SETTINGS, include_open=True)
    row, shown = explained(store)
    assert row["loss"]["changed"] == "relation"
    assert "mostly because the relation of inputs and labels changed" in shown


def test_inputs_that_are_no_longer_stored_are_a_reason(store):
    for day in range(4):
        day_of(store, day)
    analyze(store, SETTINGS, include_open=True)
    with closing(connect(store)) as connection, writing(connection):
        connection.execute("update exchanges set request_body = null where id like 'd1-%'")
        connection.execute("delete from predictions where exchange_id like 'd0-%'")
        connection.execute("delete from predictions where exchange_id like 'd1-%'")
        connection.execute("delete from predictions where exchange_id like 'd2-%'")
    for day in (4, 5):
        day_of(store, day, wrong=1.0)
    analyze(store, SETTINGS, include_open=True)
    row, shown = explained(store)
    assert row["loss"]["changed"] == "unknown"
    assert "the reference has no labelled rows with stored inputs" in shown


@pytest.mark.parametrize("options", [{}, {"wrong": 0.4}])
def test_windows_without_an_alert_are_not_attributed(store, options):
    for day in range(5):
        day_of(store, day, **options)
    analyze(store, SETTINGS, include_open=True)
    assert not read(store, "select * from metrics where metric like 'loss_from%'")


def test_another_alert_has_its_evidence(store):
    for day in range(6):
        day_of(store, day, temp=10.0 if day < 4 else 30.0)
    analyze(store, SETTINGS, include_open=True)
    (alert,) = read(store, "select * from alerts where feature = 'temp' and state = 'firing'")
    (row,) = lines(modeltap("explain", "--store", store, "--alert", alert["id"], "--json"))
    assert row["loss"] is None
    assert {"drift", "psi", "js", "ks"} <= {own["metric"] for own in row["evidence"]}
    shown = modeltap("explain", "--store", store, "--alert", alert["id"])
    assert "wasserstein" in shown and "modeltap show d" in shown


def test_an_unknown_id_is_one_line(store):
    day_of(store, 0)
    analyze(store, SETTINGS)
    assert "no alert has the id 'nothing'" in modeltap(
        "explain", "--store", store, "--alert", "nothing", code=1
    )
