"""`modeltap performance --confusion` and `--calibration`, from labelled rows to the output."""

from __future__ import annotations

import json
from contextlib import closing

import numpy as np
import pytest

from command import lines, modeltap
from modeltap.cli.confusion import cell_of, confusion_matrices
from modeltap.store.connection import connect, writing
from modeltap.store.labels import insert_labels
from stores import analyze, every, put

ROWS = 300


@pytest.fixture
def filled(store):
    """A window of scores against two classes."""
    rng = np.random.default_rng(0)
    labels = rng.random(ROWS) < 0.4
    scores = np.clip(np.where(labels, 0.7, 0.3) + rng.normal(0, 0.2, ROWS), 0.01, 0.99).round(3)
    responses = [json.dumps({"prediction": score}) for score in scores.tolist()]
    put(store, every(1, ROWS), [{"x": float(n % 7)} for n in range(ROWS)], responses=responses)
    with closing(connect(store)) as connection, writing(connection):
        own = [(f"r{n}", 0, int(label)) for n, label in enumerate(labels)]
        insert_labels(connection, own, source="test")
    analyze(store, {"window": "1d", "reference": "first 100 rows"}, include_open=True)
    return store, scores >= 0.5, labels, scores


def test_the_matrix_equals_counts(filled):
    store, predicted, labels, _ = filled
    (matrix,) = lines(modeltap("performance", "--store", store, "--confusion", "--json"))
    assert matrix["classes"] == ["0", "1"] and matrix["rows"] == ROWS
    expected = [[int(((labels == y) & (predicted == p)).sum()) for p in (0, 1)] for y in (0, 1)]
    assert matrix["matrix"] == expected
    shown = modeltap("performance", "--store", store, "--confusion")
    assert "predicted 1" in shown and "label 0" in shown


def test_the_curve_has_the_rate_of_each_bin(filled):
    store, _, labels, scores = filled
    points = lines(modeltap("performance", "--store", store, "--calibration", "--json"))
    assert sum(point["count"] for point in points) == labels.sum()
    means = [float(point["segment"].removeprefix("score=")) for point in points]
    assert min(scores) <= min(means) < max(means) <= max(scores)
    assert all(point["low"] <= point["value"] <= point["high"] for point in points)


def test_cells_and_points_are_listed_for_programs_only(filled):
    store = filled[0]
    shown = modeltap("performance", "--store", store)
    assert "class=1" in shown and "calibration_error" in shown
    assert "confusion_rate" not in shown and "calibration_rate" not in shown
    metrics = {row["metric"] for row in lines(modeltap("performance", "--store", store, "--json"))}
    assert {"confusion_rate", "calibration_rate", "precision"} <= metrics
    assert "precision" not in modeltap("fairness", "--store", store)


def test_without_labels_there_is_a_reason(store):
    put(store, every(1, 5), [{"x": n} for n in range(5)])
    assert "no confusion matrix yet" in modeltap("performance", "--store", store, "--confusion")


@pytest.mark.parametrize("label", ["a", "a=b", "a,b", "label=c"])
@pytest.mark.parametrize("output", [None, "risk"])
def test_names_of_classes_may_have_any_characters(label, output):
    segment = f"label={label},predicted=x"
    segment = segment if output is None else f"output={output},{segment}"
    assert cell_of(segment) == (output, label, "x")


def test_absent_pairs_are_zero():
    row = dict.fromkeys(("model", "version", "environment", "window_start", "window_end"))
    row |= {"metric": "confusion_rate", "segment": "label=a,predicted=b", "rows": 9, "count": 9}
    (matrix,) = confusion_matrices([row])
    assert matrix["matrix"] == [[0, 9], [0, 0]]
