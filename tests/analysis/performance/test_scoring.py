"""Scores against two classes: a worse, useless or reversed scorer alerts; chance does not."""

from __future__ import annotations

import dataclasses
import itertools

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, brier_score_loss, f1_score, log_loss, roc_auc_score

from modeltap.analysis.explanations.explain import explained
from modeltap.analysis.performance.evaluation import evaluate
from modeltap.analysis.performance.labelled import LabelledContext
from modeltap.analysis.performance.positive_class import LabelForm
from modeltap.analysis.references.performance_baseline import learn_baseline

FORMS = [(1, 0), (True, False), ("1", "0"), ("yes", "no"), ("fraud", "legit")]


def draw(rng, n, gap=3.0, fraction=0.3, form=(1, 0)):
    """Return n scores and labels of a calibrated scorer; `gap` is the distance between classes."""
    positive = rng.random(n) < fraction
    prior = np.log(fraction / (1 - fraction))
    evidence = rng.normal(gap * (positive - 0.5), np.sqrt(abs(gap)))
    scores = 1 / (1 + np.exp(-(prior + evidence)))
    return scores.tolist(), [form[0] if score else form[1] for score in positive]


def metrics_of(predicted, labels, baseline=None, **form):
    context = LabelledContext(None, predicted, labels, baseline, form=LabelForm(**form))
    return {metric.metric: metric for metric in explained(evaluate(context))}


@pytest.mark.parametrize("form", FORMS, ids=repr)
def test_values_are_scikit_learns(form):
    predicted, labels = draw(np.random.default_rng(1), 400, form=form)
    result = metrics_of(predicted, labels, positive=form[0], decision_threshold=0.4)
    true = [label == form[0] for label in labels]
    assert result["roc_auc"].value == pytest.approx(roc_auc_score(true, predicted))
    assert result["brier"].value == pytest.approx(brier_score_loss(true, predicted))
    assert result["log_loss"].value == pytest.approx(log_loss(true, predicted))
    classes = np.array(predicted) >= 0.4
    assert result["accuracy"].value == pytest.approx(accuracy_score(true, classes))
    assert result["f1_macro"].value == pytest.approx(f1_score(true, classes, average="macro"))
    for metric in result.values():
        assert metric.low is None or metric.low <= metric.value <= metric.high


def test_without_a_baseline_a_good_scorer_has_no_reference():
    result = metrics_of(*draw(np.random.default_rng(2), 400))
    assert {result[name].verdict for name in ("roc_auc", "brier", "accuracy")} == {"no_reference"}
    assert result["log_loss"].verdict is None


@pytest.mark.parametrize(("form", "known"), [*itertools.product(FORMS, [True, False])], ids=repr)
def test_a_reversed_scorer_alerts_with_and_without_a_baseline(form, known):
    rng = np.random.default_rng(3)
    predicted, labels = draw(rng, 300, form=form)
    own = LabelForm(form[0])
    baseline = learn_baseline(*draw(rng, 2000, form=form), form=own) if known else None
    result = metrics_of([1 - score for score in predicted], labels, baseline, positive=form[0])
    assert result["roc_auc"].verdict == "alert" and result["roc_auc"].value < 0.2
    assert "scores are reversed" in result["roc_auc"].explanation
    assert result["accuracy"].verdict == "alert"
    if known:
        assert "ROC AUC went from" in result["roc_auc"].explanation
        assert (
            result["brier"].verdict == "alert" and "Brier score went" in result["brier"].explanation
        )


@pytest.mark.parametrize("known", [True, False])
def test_uninformative_scores_alert(known):
    rng = np.random.default_rng(4)
    baseline = learn_baseline(*draw(rng, 2000)) if known else None
    predicted, labels = draw(rng, 3000)
    result = metrics_of(rng.permutation(predicted).tolist(), labels, baseline)["roc_auc"]
    assert result.verdict == "alert" and "scores are unrelated to the labels" in result.explanation


def test_a_weaker_scorer_alerts_and_a_stronger_one_does_not():
    rng = np.random.default_rng(5)
    baseline = learn_baseline(*draw(rng, 3000))
    assert metrics_of(*draw(rng, 1000, gap=1.2), baseline)["roc_auc"].verdict == "alert"
    better = metrics_of(*draw(rng, 1000, gap=6.0), baseline)
    assert {better[name].verdict for name in ("roc_auc", "brier", "accuracy")} == {"ok"}


def test_scores_that_rank_well_and_are_too_high_raise_the_brier_score():
    rng = np.random.default_rng(6)
    baseline = learn_baseline(*draw(rng, 3000))
    predicted, labels = draw(rng, 1000)
    result = metrics_of((0.5 + 0.5 * np.array(predicted)).tolist(), labels, baseline)
    assert result["roc_auc"].verdict == "ok" and result["brier"].verdict == "alert"
    assert "too high on average" in result["brier"].explanation


def test_chance_alone_hardly_ever_alerts():
    rng = np.random.default_rng(7)
    baseline = learn_baseline(*draw(rng, 2000))
    windows = [metrics_of(*draw(rng, 200), baseline) for _ in range(300)]
    alerts = [m for window in windows for m in window.values() if m.verdict == "alert"]
    assert len(alerts) <= 3


@pytest.mark.parametrize("label", [1, 0, "yes", False])
def test_labels_of_one_class_have_no_area_and_a_reason(label):
    result = metrics_of([0.9, 0.2] * 100, [label] * 200)
    assert result["roc_auc"].verdict == "not_comparable" and result["roc_auc"].value is None
    assert "not compared, because all 200 labels are" in result["roc_auc"].explanation
    assert result["brier"].value == pytest.approx(
        np.mean((np.array([0.9, 0.2]) - (label in (1, "yes"))) ** 2)
    )


@pytest.mark.parametrize(
    ("scores", "words"),
    [
        (None, "there is no score beside the predicted classes"),
        ([None] * 200, "there is no score beside the predicted classes"),
        ([0.1, 0.9] * 100, "the scores do not agree with the predicted classes"),
        ([0.9, 0.1] * 90 + [None] * 20, "20 of 200 labelled rows have no score from 0 to 1"),
        ([0.9, 0.1] * 99 + [1.5, "high"], "2 of 200 labelled rows have no score from 0 to 1"),
    ],
)
def test_two_classes_without_scores_have_no_area_and_a_reason(scores, words):
    context = LabelledContext(None, ["yes", "no"] * 100, ["yes", "yes", "no", "no"] * 50)
    context = dataclasses.replace(context, scores=scores, form=LabelForm(positive="yes"))
    result = {metric.metric: metric for metric in explained(evaluate(context))}
    assert (result["roc_auc"].verdict, result["roc_auc"].value) == ("not_comparable", None)
    assert words in result["roc_auc"].explanation and result["accuracy"].value == 0.5


@pytest.mark.parametrize("labels", [["a", "b", "c"] * 100, ["a"] * 300, ["a", "b"] * 5])
def test_other_classes_have_no_area_to_miss(labels):
    """More than two classes, a single class, or too few rows."""
    context = LabelledContext(None, labels, labels, min_rows=50)
    assert "roc_auc" not in {metric.metric for metric in evaluate(context)}


def test_a_rare_class_of_few_rows_has_an_area_without_a_verdict():
    predicted, labels = [0.9] * 5 + [0.1] * 295, [1] * 5 + [0] * 295
    result = metrics_of(predicted, labels)["roc_auc"]
    assert result.verdict == "not_enough_rows" and result.value == 1.0


def test_too_few_rows_have_no_metrics_of_scores():
    assert set(metrics_of([0.9, 0.1] * 20, [1, 0] * 20)) == {"accuracy"}


def test_saturated_scores_are_still_scores_for_a_baseline_of_scores():
    rng = np.random.default_rng(8)
    baseline = learn_baseline(*draw(rng, 2000))
    result = metrics_of([1, 0] * 100, [0, 1] * 100, baseline)
    assert result["roc_auc"].value == 0.0 and result["roc_auc"].verdict == "alert"


def test_perfect_scores_are_compared_too():
    baseline = learn_baseline([1.0, 0.0, 0.5] * 100, [1, 0, 1] * 100)
    same = metrics_of([1.0, 0.0, 0.5] * 50, [1, 0, 1] * 50, baseline)
    assert same["roc_auc"].verdict == same["accuracy"].verdict == "ok"
