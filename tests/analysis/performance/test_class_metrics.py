"""Metrics of classes equal scikit-learn's, and their intervals hold the truth."""

from __future__ import annotations

import json
from collections import Counter
from contextlib import closing

import numpy as np
import pytest
from sklearn.metrics import (
    balanced_accuracy_score,
    f1_score,
    precision_recall_fscore_support,
    precision_score,
    recall_score,
)

from modeltap.analysis.explanations.explain import explained
from modeltap.analysis.performance.class_metrics import class_counts, class_metrics, f1_interval
from modeltap.analysis.statistics.confusion import accuracy, class_name, f1_macro
from modeltap.store.connection import connect, writing
from modeltap.store.labels import insert_labels
from stores import analyze, every, put, read

NAMES = np.array(list("abcd"))


def draw(rng, rows, classes, right=0.7):
    labels = NAMES[rng.choice(classes, rows, p=rng.dirichlet(np.ones(classes)))]
    guesses = NAMES[rng.integers(classes, size=rows)]
    return np.where(rng.uniform(size=rows) < right, labels, guesses), labels


def pairs_of(predictions, labels):
    return Counter(zip(predictions.tolist(), labels.tolist(), strict=True))


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.filterwarnings("ignore:y_pred contains classes")
def test_values_equal_scikit_learn(seed):
    rng = np.random.default_rng(seed)
    predictions, labels = draw(rng, int(rng.integers(3, 300)), int(rng.integers(2, 5)))
    values = {
        (own.metric, own.segment): own.value for own in class_metrics(pairs_of(predictions, labels))
    }
    options = {"average": "macro", "zero_division": 0}
    assert values["precision_macro", None] == pytest.approx(
        precision_score(labels, predictions, **options)
    )
    assert values["recall_macro", None] == pytest.approx(
        recall_score(labels, predictions, **options)
    )
    assert values["balanced_accuracy", None] == pytest.approx(
        balanced_accuracy_score(labels, predictions)
    )
    assert values["f1_weighted", None] == pytest.approx(
        f1_score(labels, predictions, average="weighted", zero_division=0)
    )
    names = sorted({*labels.tolist(), *predictions.tolist()})
    each = precision_recall_fscore_support(labels, predictions, labels=names, zero_division=0)
    for metric, own in zip(("precision", "recall", "f1"), each, strict=False):
        assert [values[metric, f"class={name}"] for name in names] == pytest.approx(own.tolist())


@pytest.mark.parametrize("right", [0.95, 0.7])
@pytest.mark.parametrize("share", [0.5, 0.02])
@pytest.mark.parametrize("rows", [100, 500, 5000])
def test_intervals_hold_the_truth(rows, share, right):
    """400 windows: .91 is three and a half standard errors below .95."""
    cells = [("a", "a"), ("b", "a"), ("a", "b"), ("b", "b")]
    chances = [share * right, share * (1 - right), (1 - share) * (1 - right), (1 - share) * right]
    exact = {cell: round(chance * 10**9) for cell, chance in zip(cells, chances, strict=True)}
    truth = {(own.metric, own.segment): own.value for own in class_metrics(exact)}
    held: dict[object, list[bool]] = {}
    for counts in np.random.default_rng(rows).multinomial(rows, chances, size=400).tolist():
        pairs = {cell: count for cell, count in zip(cells, counts, strict=True) if count}
        for own in class_metrics(pairs):
            if own.low is not None:
                key = own.metric, own.segment
                held.setdefault(key, []).append(own.low - 1e-12 <= truth[key] <= own.high + 1e-12)
        names = [own.name for own in class_counts(pairs)]
        low, high = f1_interval(pairs, dict.fromkeys(names, 1 / len(names)), by_labels=False)
        if len(names) == 2:
            held.setdefault("f1_macro", []).append(low <= f1_macro(exact) <= high)
    assert len(held) == 15 if rows > 100 else held
    for key, inside in held.items():
        assert len(inside) < 100 or np.mean(inside) >= 0.91, key


def test_a_class_with_few_rows_has_no_interval_but_a_reason():
    pairs = {("a", "a"): 90, ("b", "a"): 6, ("a", "b"): 3, ("b", "b"): 1}
    metrics = explained(class_metrics(pairs))
    (recall,) = (own for own in metrics if (own.metric, own.segment) == ("recall", "class=b"))
    assert (recall.value, recall.rows, recall.low, recall.high) == (0.25, 4, None, None)
    assert "only 4 rows" in recall.explanation
    (balanced,) = (own for own in metrics if own.metric == "balanced_accuracy")
    assert balanced.value is not None and balanced.low is None


def test_many_classes_have_means_only():
    pairs = {(f"c{n}", f"c{n}"): 50 for n in range(21)}
    assert all(own.segment is None for own in class_metrics(pairs))


def test_no_rows_have_no_metrics():
    assert class_metrics({}) == []


def test_sets_of_labels_equal_scikit_learns_multilabel_metrics():
    """Accuracy is that of whole sets; all other metrics are those of the labels."""
    rng = np.random.default_rng(5)
    true = rng.random((400, 4)) < 0.4
    predicted = np.where(rng.random((400, 4)) < 0.85, true, ~true)
    sides = [
        [class_name(json.dumps([str(name) for name in NAMES[::-1][row[::-1]]])) for row in side]
        for side in (predicted, true)
    ]
    pairs = Counter(zip(*sides, strict=True))
    values = {(own.metric, own.segment): own.value for own in class_metrics(pairs)}
    options = {"average": "macro", "zero_division": 0}
    assert values["precision_macro", None] == pytest.approx(
        precision_score(true, predicted, **options)
    )
    assert values["recall_macro", None] == pytest.approx(recall_score(true, predicted, **options))
    assert f1_macro(pairs) == pytest.approx(f1_score(true, predicted, **options))
    assert values["f1_weighted", None] == pytest.approx(
        f1_score(true, predicted, average="weighted", zero_division=0)
    )
    each = precision_recall_fscore_support(true, predicted, zero_division=0)
    for metric, own in zip(("precision", "recall", "f1"), each, strict=False):
        assert [values[metric, f"class={name}"] for name in NAMES] == pytest.approx(own.tolist())
    assert accuracy(pairs) == pytest.approx((true == predicted).all(axis=1).mean())


def test_sets_are_compared_from_the_store(store):
    """In any order, and also those of one label."""
    sets = [["a"], ["b", "a"], ["a", "b", "c"], ["c", "a"]]
    rows = [{"x": float(n % 7)} for n in range(400)]
    responses = [json.dumps({"predictions": [sorted(sets[n % 4])]}) for n in range(400)]
    put(store, every(1, 400), [{"instances": [row]} for row in rows], responses=responses)
    with closing(connect(store)) as connection, writing(connection):
        labels = [(f"r{n}", 0, sets[n % 4] if n % 10 else ["none"]) for n in range(400)]
        insert_labels(connection, labels, source="test")
    analyze(store, {"window": "1d", "reference": "first 100 rows"}, include_open=True)
    (row,) = read(store, "select * from metrics where metric = 'accuracy'")
    assert (row["value"], row["rows"]) == (0.9, 400)
    query = "select segment, value from metrics where metric = 'recall' order by segment"
    assert [own["segment"] for own in read(store, query)] == [
        f"class={name}" for name in ("a", "b", "c", "none")
    ]
