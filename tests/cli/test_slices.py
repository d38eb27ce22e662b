"""`modeltap slices`: a planted slice of a store, and a line for each reason why there is none."""

from __future__ import annotations

import json
from contextlib import closing

import numpy as np
import pytest

from command import lines, modeltap
from modeltap.store.connection import connect, writing
from modeltap.store.labels import Label, insert_labels
from stores import analyze, every, put

ROWS = 3000


def fill(store, bodies, predictions, labels):
    responses = [json.dumps({"prediction": value}) for value in predictions]
    put(store, every(1, len(bodies)), bodies, responses=responses)
    with closing(connect(store)) as connection, writing(connection):
        own = [Label(f"r{n}", 0, label) for n, label in enumerate(labels) if label is not None]
        insert_labels(connection, own, source="test")
    analyze(store, {})


def flights(rows=ROWS, bad=0.7):
    """Flights whose delay is mostly predicted wrongly for one carrier in the evening."""
    rng = np.random.default_rng(2)
    bodies = [
        {"carrier": str(rng.choice(["EV", "UA", "B6"])), "hour": int(rng.integers(5, 24))}
        for _ in range(rows)
    ]
    late = [body["carrier"] == "EV" and body["hour"] >= 18 for body in bodies]
    labels = rng.integers(0, 2, rows)
    wrong = rng.random(rows) < np.where(late, bad, 0.05)
    return bodies, np.where(wrong, 1 - labels, labels).tolist(), labels.tolist(), late


@pytest.fixture
def planted(store):
    *columns, late = flights()
    fill(store, *columns)
    return store, late


def test_a_slice_is_a_row_with_its_error(planted):
    store, late = planted
    (row,) = lines(modeltap("slices", "--store", store, "--model", "m", "--json"))
    assert row["slice"] == "carrier = EV and hour >= 18"
    assert row["metric"] == "misclassification_rate"
    assert 0.3 * sum(late) < row["rows"] < 0.7 * sum(late)
    assert row["fraction"] == sum(late) / ROWS
    assert row["low"] < row["value"] < row["high"] and row["rest"] < 0.1
    assert row["lift"] == row["value"] / row["rest"] > 5 and row["p_value"] < 1e-6
    assert all(late[int(id_[1:])] for id_ in row["examples"]) and len(row["examples"]) == 5
    assert "carrier = EV and hour >= 18" in modeltap("slices", "--store", store)


def test_numbers_have_absolute_errors(store):
    bodies, _, _, late = flights()
    noise = np.random.default_rng(1).normal(size=ROWS)
    labels = [100.25 + n % 7 for n in range(ROWS)]
    predictions = (np.array(labels) + noise * np.where(late, 5, 1)).tolist()
    fill(store, bodies, predictions, labels)
    (row,) = lines(modeltap("slices", "--store", store, "--json"))
    assert (row["slice"], row["metric"]) == ("carrier = EV and hour >= 18", "mae")
    assert 3 < row["lift"] < 7


CASES = {
    "no labels": ([{"x": n % 9} for n in range(200)], [1] * 200, [None] * 200, "no labelled rows"),
    "all wrong": ([{"x": n % 9} for n in range(200)], [1, 0] * 100, [0, 1] * 100, "rows are wrong"),
    "one class": ([{"x": n % 9} for n in range(200)], [1] * 200, [1] * 200, "predicted correctly"),
    "no features": ([{}] * 200, [1, 0] * 100, [1, 1] * 100, "no "),
    "one value": ([{"x": 5}] * 200, [1, 0] * 100, [1, 1] * 100, "x: a single value"),
    "masked": (
        [{"ssn": "[masked]"}] * 200,
        [1, 0] * 100,
        [1, 1] * 100,
        "ssn: masked in all rows",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_a_search_that_is_not_possible_is_one_line(store, case):
    bodies, predictions, labels, reason = CASES[case]
    fill(store, bodies, predictions, labels)
    text = modeltap("slices", "--store", store)
    assert text.startswith("m: ") and reason in text and len(text.splitlines()) == 1
    assert modeltap("slices", "--store", store, "--json") == ""


def test_a_store_without_predictions(store):
    put(store, every(1, 5), [{"x": n} for n in range(5)])
    assert "no predictions yet" in modeltap("slices", "--store", store)
    assert "no model 'z'" in modeltap("slices", "--store", store, "--model", "z", code=1)


@pytest.mark.slow
def test_two_thousand_features(store):
    """The strongest are searched, and a note names the number of the others."""
    rng = np.random.default_rng(3)
    bodies = [
        {"c": "ab"[n % 2], **{f"x{k}": round(float(v), 3) for k, v in enumerate(rng.random(2000))}}
        for n in range(300)
    ]
    labels = [1] * 300
    predictions = [int(rng.random() > (0.7 if n % 2 else 0.02)) for n in range(300)]
    fill(store, bodies, predictions, labels)
    text = modeltap("slices", "--store", store)
    assert "c = b" in text
