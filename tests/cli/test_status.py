"""`modeltap status`: the health of each model."""

from __future__ import annotations

import pytest

from command import lines, modeltap
from stores import analyze, every, put

SAID = {"reference": "first 200 rows", "multivariate": False}


@pytest.fixture
def filled(store):
    put(store, every(1, 300), [{"x": n % 7} for n in range(300)])
    return store


def test_a_learning_model_has_the_time_until_it_is_ready(filled):
    analyze(filled, {})
    shown = modeltap("status", "--store", filled)
    assert "m: no open alerts, windows evaluated up to 2024-01-01 05:00" in shown
    assert "learning until Monday 00:00 UTC and 2,000 rows" in shown
    (row,) = lines(modeltap("status", "--store", filled, "--json"))
    assert row["state"] == "learning" and row["reference"] == "provisional"
    assert row["learning_until"] == "2024-01-08T00:00:00.000Z" and row["open_alerts"] == []


def test_a_model_with_an_alert_lists_it(filled):
    put(filled, every(1, 300, first=300), [{"x": "?"}] * 300, prefix="later")
    analyze(filled, SAID)
    shown = modeltap("status", "--store", filled, "--model", "m")
    assert "open alert" in shown and "x: values of the wrong type went from 0 % to 100 %" in shown
    (row,) = lines(modeltap("status", "--store", filled, "--json"))
    assert row["state"] == "alert" and row["reference"] == "active"
    assert len(row["open_alerts"]) >= 1 and row["reason"] and row["since"]


def test_a_store_without_a_model_has_a_hint(store):
    put(store, [], [])
    assert "no models yet" in modeltap("status", "--store", store)
    assert "no model 'x'" in modeltap("status", "--store", store, "--model", "x", code=1)
