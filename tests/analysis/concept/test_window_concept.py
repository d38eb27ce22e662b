"""Concept drift in a store: rows, alerts and their sentences, with and without moved inputs."""

from __future__ import annotations

import json
from contextlib import closing

import numpy as np
import pytest

from modeltap.store.connection import connect, writing
from modeltap.store.labels import insert_labels
from stores import analyze, every, put, read

ROWS, FIRST, CHANGE = 6000, 3000, 4000
SETTINGS = {"window": "1d", "reference": f"first {FIRST} rows", "multivariate": False}
A_DAY = 1000


def filled(store, *, moved=0.0, concept=0.0, labelled=ROWS, change=CHANGE):
    """Store six days of which three are the reference; from the fifth on, something changes."""
    rng = np.random.default_rng(0)
    changed = np.arange(ROWS) >= change
    x = rng.normal(size=ROWS) + moved * changed
    predictions = 2 * x
    truth = predictions + np.exp(0.4 * x) * rng.normal(size=ROWS) + concept * changed
    rows = [{"x": float(value)} for value in x]
    outputs = [json.dumps({"prediction": float(value)}) for value in predictions]
    put(store, every(1440 / A_DAY, ROWS), rows, responses=outputs)
    with closing(connect(store)) as connection, writing(connection):
        labels = [(f"r{n}", 0, float(truth[n])) for n in range(labelled)]
        insert_labels(connection, labels, source="test")


def concepts(store):
    return read(
        store,
        "select * from metrics where metric = 'concept_drift' and in_reference = 0 "
        "order by window_start",
    )


def alerts(store):
    return read(
        store,
        "select rule, metric, state, summary from alerts "
        "where rule in ('performance', 'concept_drift') and state <> 'pending'",
    )


def test_a_changed_relation_is_concept_drift(store):
    filled(store, concept=2.0)
    analyze(store, SETTINGS, include_open=True)
    assert [row["verdict"] for row in concepts(store)] == ["ok", "alert", "alert"]
    (alert,) = alerts(store)
    assert alert["rule"] == "performance"
    assert "inputs as before, errors" in alert["summary"]
    assert "concept drift since 2024-01-05 00:00 UTC" in alert["summary"]


def test_a_change_within_a_window_has_its_time(store):
    filled(store, concept=4.0, change=CHANGE + A_DAY // 2)
    analyze(store, SETTINGS, include_open=True)
    own = next(row for row in concepts(store) if row["verdict"] == "alert")
    since = own["explanation"].partition("concept drift since ")[2]
    assert "2024-01-05 11:30" <= since <= "2024-01-05 12:30"


def test_harder_inputs_are_not_concept_drift(store):
    """Errors grow by half, as they do in the reference for such inputs."""
    filled(store, moved=1.0)
    analyze(store, SETTINGS, include_open=True)
    rows = concepts(store)
    assert [row["verdict"] for row in rows] == ["ok", "ok", "ok"]
    assert rows[-1]["explanation"].startswith("inputs moved (x), errors ")
    assert not [alert for alert in alerts(store) if "concept drift" in alert["summary"]]


def test_both_may_change(store):
    filled(store, moved=1.0, concept=6.0)
    analyze(store, SETTINGS, include_open=True)
    assert concepts(store)[-1]["verdict"] == "alert"
    (alert,) = alerts(store)
    assert "inputs moved (x), errors are" in alert["summary"]
    assert "concept drift since" in alert["summary"]


def test_nothing_changes(store):
    filled(store)
    analyze(store, SETTINGS, include_open=True)
    texts = {row["explanation"] for row in concepts(store)}
    assert texts == {"inputs and errors as before"}
    assert alerts(store) == []


@pytest.mark.parametrize("labelled", [FIRST + 50, CHANGE + 300])
def test_windows_with_few_labels(store, labelled):
    """A window with too few labels waits; one with some has a wider interval."""
    filled(store, labelled=labelled)
    analyze(store, SETTINGS, include_open=True)
    rows = concepts(store)
    assert all(row["verdict"] == "ok" for row in rows)
    if len(rows) > 1:
        widths = [row["high"] - row["low"] for row in rows]
        assert rows[1]["rows"] == 300 and widths[1] > 1.3 * widths[0]


def test_without_estimates_errors_are_compared_with_the_reference(store):
    """Labels of classes without scores; the reference has too few of them for an error model."""
    rng = np.random.default_rng(1)
    predicted = rng.integers(0, 2, size=1500)
    right = rng.random(1500) < np.repeat([0.9, 0.5], [500, 1000])
    rows = [{"x": float(value)} for value in rng.normal(size=1500)]
    outputs = [json.dumps({"prediction": ["no", "yes"][value]}) for value in predicted]
    put(store, every(1440 / 500, 1500), rows, responses=outputs)
    truth = np.where(right, predicted, 1 - predicted)
    with closing(connect(store)) as connection, writing(connection):
        known = [n for n in range(1500) if n >= 500 or n % 4 == 0]
        labels = [(f"r{n}", 0, ["no", "yes"][truth[n]]) for n in known]
        insert_labels(connection, labels, source="test")
    analyze(store, {**SETTINGS, "reference": "first 500 rows"}, include_open=True)
    rows = concepts(store)
    assert [row["verdict"] for row in rows] == ["alert", "alert"]
    assert "inputs as before, errors are" in rows[0]["explanation"]
