"""Estimates of numbers and of classes without scores, from a store with labels of the reference."""

from __future__ import annotations

import json
from contextlib import closing

import numpy as np
import pytest

from modeltap.analysis.estimation import estimator
from modeltap.store.connection import connect, writing
from modeltap.store.labels import insert_labels
from stores import analyze, every, put, read

ROWS = 3000
FIRST = 2000
SETTINGS = {"window": "500 rows", "reference": f"first {FIRST} rows", "multivariate": False}


class Model:
    """Rows whose errors grow with `x`, which moves after the reference."""

    def __init__(self, store, shift=1.0, spell=float):
        rng = np.random.default_rng(0)
        self.store = store
        x = rng.normal(size=ROWS) + np.repeat([0.0, shift], [FIRST, ROWS - FIRST])
        self.predictions = 2 * x
        self.errors = np.exp(0.5 * x) * rng.normal(size=ROWS)
        rows = [{"x": float(value)} for value in x]
        outputs = [json.dumps({"prediction": spell(value)}) for value in self.predictions]
        put(store, every(7, ROWS), rows, responses=outputs)

    def label(self, first, after):
        truth = self.predictions + self.errors
        with closing(connect(self.store)) as connection, writing(connection):
            labels = [(f"r{n}", 0, float(truth[n])) for n in range(first, after)]
            insert_labels(connection, labels, source="test")


def estimated(store):
    """Return the estimates of the windows after the reference, by metric."""
    rows = read(
        store,
        "select metric, rows, value, low, high, verdict, explanation from metrics "
        "where metric like 'estimated_%' and in_reference = 0 order by window_start",
    )
    return {
        name: [row for row in rows if row["metric"] == name]
        for name in {row["metric"] for row in rows}
    }


@pytest.mark.parametrize("late", [False, True])
def test_errors_of_moved_inputs_are_estimated(store, late):
    """Labels of the reference may come after it was frozen."""
    model = Model(store)
    if late:
        analyze(store, {**SETTINGS, "window": "1000 rows"})
        model.label(0, FIRST)
        analyze(store, {**SETTINGS, "window": "1000 rows"})
        analyze(store, {**SETTINGS, "window": "1000 rows"}, again=True)
    else:
        model.label(0, FIRST)
        analyze(store, {**SETTINGS, "window": "1000 rows"})
    own = estimated(store)
    assert set(own) == {"estimated_mae", "estimated_rmse"}
    errors = model.errors[FIRST:]
    truth = {"estimated_mae": np.abs(errors).mean(), "estimated_rmse": np.sqrt(np.mean(errors**2))}
    for name, (row,) in own.items():
        assert row["low"] <= truth[name] <= row["high"], name
        assert row["rows"] == 1000 and row["verdict"] is None
        assert "labelled rows" in row["explanation"]


def test_numbers_sent_as_texts_are_estimated(store):
    model = Model(store, spell=lambda value: f"{value:.3f}")
    model.label(0, FIRST)
    analyze(store, SETTINGS)
    assert [row["rows"] for row in estimated(store)["estimated_mae"]] == [500, 500]


def test_a_window_without_predictions_has_no_estimate(store):
    model = Model(store)
    model.label(0, FIRST)
    rows = [{"x": 0.5}] * 500
    responses = [json.dumps({"prediction": "unavailable"})] * 500
    put(store, every(7, 500, first=7 * ROWS), rows, prefix="late", responses=responses)
    analyze(store, SETTINGS)
    last = estimated(store)["estimated_mae"][-1]
    assert last["value"] is None and last["verdict"] == "not_enough_rows"


def test_too_few_labels_are_a_reason(store):
    model = Model(store)
    model.label(0, 150)
    analyze(store, SETTINGS)
    own = estimated(store)["estimated_mae"]
    assert [row["value"] for row in own] == [None, None]
    assert "150 sampled rows of the reference have a label" in own[0]["explanation"]


@pytest.mark.parametrize("with_class", [False, True])
@pytest.mark.parametrize(
    ("labelled", "positives", "words"),
    [
        (150, 60, "150 labelled rows, 60 of them of the rarer class"),
        (FIRST, 19, f"{FIRST:,} labelled rows, 19 of them of the rarer class"),
        (FIRST, 0, f"{FIRST:,} labelled rows, 0 of them of the rarer class"),
        (FIRST, 40, None),
    ],
)
def test_scores_without_a_known_meaning_have_no_estimate(
    store, with_class, labelled, positives, words
):
    """Such as of a rare event: its rate is not the accuracy."""
    scores = np.random.default_rng(3).beta(1, 20, ROWS).round(4)
    rows = [{"x": float(value)} for value in np.random.default_rng(4).normal(size=ROWS)]
    outputs = [
        json.dumps({"prediction": int(own >= 0.5), "score": own} if with_class else own)
        for own in scores.tolist()
    ]
    put(store, every(7, ROWS), rows, responses=outputs)
    with closing(connect(store)) as connection, writing(connection):
        truth = [int(n % (labelled // max(1, positives)) == 0) for n in range(labelled)]
        truth = [own * (sum(truth[:n]) < positives) for n, own in enumerate(truth)]
        insert_labels(connection, [(f"r{n}", 0, own) for n, own in enumerate(truth)], source="test")
    analyze(store, SETTINGS)
    own = estimated(store)
    if words is None:
        assert all(row["low"] <= 0.98 <= row["high"] for row in own["estimated_accuracy"])
        return
    assert set(own) == {"estimated_accuracy"}
    for row in own["estimated_accuracy"]:
        assert row["value"] is None and words in row["explanation"]
        assert "scores need 200, and 20 of each class" in row["explanation"]
    assert not read(store, "select * from metrics where metric = 'expected_error' and value > .5")


def test_one_constant_prediction_is_estimated(store):
    model = Model(store, spell=lambda _value: 5.0)
    model.label(0, FIRST)
    analyze(store, SETTINGS)
    assert all(row["value"] > 0 for row in estimated(store)["estimated_mae"])


def test_classes_without_scores_have_an_estimated_accuracy(store):
    rng = np.random.default_rng(1)
    x = rng.normal(size=ROWS) + np.repeat([0.0, 1.0], [FIRST, ROWS - FIRST])
    predicted = np.where(rng.random(ROWS) < 0.5, "cat", "dog")
    right = rng.random(ROWS) < 1 / (1 + np.exp(x - 2))
    truth = np.where(right, predicted, np.where(predicted == "cat", "dog", "cat"))
    rows = [{"x": float(value)} for value in x]
    outputs = [json.dumps({"prediction": name}) for name in predicted.tolist()]
    put(store, every(7, ROWS), rows, responses=outputs)
    with closing(connect(store)) as connection, writing(connection):
        labels = [(f"r{n}", 0, str(truth[n])) for n in range(FIRST)]
        insert_labels(connection, labels, source="test")
    analyze(store, SETTINGS)
    own = estimated(store)
    assert set(own) == {"estimated_accuracy"}
    for number, row in enumerate(own["estimated_accuracy"]):
        part = right[FIRST + 500 * number :][:500]
        assert row["low"] <= part.mean() <= row["high"] < 0.9


def test_several_classes_with_the_score_of_the_predicted_one(store):
    """Scores are too high, as those of many networks are."""
    rng = np.random.default_rng(3)
    chances = rng.dirichlet([0.5, 0.8, 0.4], size=ROWS)
    names = np.array(["cat", "dog", "fox"])
    true = names[(chances.cumsum(axis=1) < rng.random((ROWS, 1))).sum(axis=1).clip(0, 2)]
    predicted, scores = names[chances.argmax(axis=1)], np.sqrt(chances.max(axis=1))
    outputs = [
        json.dumps({"prediction": name, "score": score})
        for name, score in zip(predicted.tolist(), scores.tolist(), strict=True)
    ]
    put(store, every(7, ROWS), [{"x": n % 7} for n in range(ROWS)], responses=outputs)
    with closing(connect(store)) as connection, writing(connection):
        labels = [(f"r{n}", 0, str(true[n])) for n in range(FIRST)]
        insert_labels(connection, labels, source="test")
    analyze(store, SETTINGS)
    own = estimated(store)
    assert set(own) == {"estimated_accuracy", "estimated_f1_macro", "estimated_roc_auc"}
    (area, *_) = own["estimated_roc_auc"]
    assert area["value"] is None and "of 3 classes takes a score of each" in area["explanation"]
    for number, row in enumerate(own["estimated_accuracy"]):
        part = slice(FIRST + 500 * number, FIRST + 500 * (number + 1))
        assert row["low"] <= np.mean(predicted[part] == true[part]) <= row["high"]


def test_scores_follow_an_input_that_moved(store):
    """The score does not know `z`, on which the labels depend, and which moves."""
    rng = np.random.default_rng(2)
    x, z = rng.normal(size=(2, ROWS))
    z[FIRST:] += 0.8
    scores = 1 / (1 + np.exp(-2 * x))
    labels = rng.uniform(size=ROWS) < 1 / (1 + np.exp(-2 * x - 1.5 * z))
    rows = [{"x": float(a), "z": float(b)} for a, b in zip(x, z, strict=True)]
    outputs = [json.dumps({"prediction": float(score)}) for score in scores]
    put(store, every(7, ROWS), rows, responses=outputs)
    with closing(connect(store)) as connection, writing(connection):
        own = [(f"r{n}", 0, int(labels[n])) for n in range(FIRST)]
        insert_labels(connection, own, source="test")
    analyze(store, SETTINGS)
    for number, row in enumerate(estimated(store)["estimated_accuracy"]):
        part = slice(FIRST + 500 * number, FIRST + 500 * (number + 1))
        truth = np.mean((scores[part] >= 0.5) == labels[part])
        assert row["low"] <= truth <= row["high"]
        assert "weighted towards the inputs of this window" in row["explanation"]


def test_an_error_costs_only_the_estimates(store, monkeypatch, caplog):
    def fail(*_arguments):
        raise ZeroDivisionError

    monkeypatch.setattr(estimator, "metrics_of_errors", fail)
    model = Model(store)
    model.label(0, FIRST)
    analyze(store, SETTINGS)
    assert not estimated(store)
    assert read(store, "select 1 from metrics where metric = 'drift' and in_reference = 0")
    assert "m: no estimates: the estimator failed" in caplog.text


def test_outcomes_are_kept_with_the_sample(store):
    model = Model(store)
    model.label(0, FIRST)
    analyze(store, SETTINGS)
    known = read(store, "select count(*) as rows from reference_rows where label is not null")
    assert known == [{"rows": FIRST}]
