"""Scores that accompany classes: of the positive class, of the predicted one, or of neither."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import brier_score_loss, roc_auc_score

from modeltap.analysis.explanations.explain import explained
from modeltap.analysis.performance.class_scores import with_scores
from modeltap.analysis.performance.evaluation import evaluate
from modeltap.analysis.performance.labelled import LabelledContext
from modeltap.analysis.performance.paired import pair_up
from modeltap.analysis.performance.positive_class import LabelForm
from modeltap.analysis.references.performance_baseline import learn_baseline

N = 400
FORMS = [((1, 0), (1, 0)), ((True, False), ("yes", "no")), (("fraud", "ok"), ("FRAUD", "ok"))]


def draw(seed, predicted, true):
    """Return probabilities of the positive class, classes, and labels."""
    rng = np.random.default_rng(seed)
    p = rng.beta(0.8, 1.6, N)
    labels = [true[0] if chance else true[1] for chance in rng.random(N) < p]
    return p, [predicted[0] if chance >= 0.5 else predicted[1] for chance in p], labels


@pytest.mark.parametrize("of", ["positive", "predicted"])
@pytest.mark.parametrize(("predicted", "true"), FORMS, ids=repr)
def test_a_score_is_of_the_positive_class_or_of_the_predicted_one(predicted, true, of):
    p, predictions, labels = draw(1, predicted, true)
    column = p if of == "positive" else np.maximum(p, 1 - p)
    form = LabelForm("fraud" if "ok" in true else None)
    context = LabelledContext(None, predictions, labels, form=form, scores=column.tolist())
    result = {metric.metric: metric for metric in evaluate(context)}
    positive = [label == true[0] for label in labels]
    assert result["roc_auc"].value == pytest.approx(roc_auc_score(positive, p))
    assert result["brier"].value == pytest.approx(brier_score_loss(positive, p))
    assert result["accuracy"].value == np.mean((p >= 0.5) == positive)


@pytest.mark.parametrize("of", ["positive", "predicted"])
def test_a_scorer_that_is_reversed_alerts(of):
    def scores(p):
        return (p if of == "positive" else np.maximum(p, 1 - p)).tolist()

    p, predictions, labels = draw(2, (1, 0), (1, 0))
    baseline = learn_baseline(predictions, labels, scores=scores(p))
    assert baseline.scores.additional
    p, predictions, labels = draw(3, (1, 0), (0, 1))
    context = LabelledContext(None, predictions, labels, baseline, scores=scores(p))
    result = {metric.metric: metric for metric in explained(evaluate(context))}
    assert result["roc_auc"].verdict == "alert"
    assert "scores are reversed" in result["roc_auc"].explanation


@pytest.mark.parametrize(
    ("predictions", "labels", "column"),
    [
        ([1, 0] * 60, [1, 0] * 60, None),
        ([1, 0] * 60, [1, 0] * 60, [None] * 120),
        ([1, 0] * 60, [1, 0] * 60, [0.9, None] * 60),
        ([1, 0] * 60, [1, 0] * 60, [93.0, 12.0] * 60),
        ([1, 0] * 60, [1, 0] * 60, [0.1, 0.9] * 60),
        (["a", "b"] * 60, ["a", "b"] * 60, [0.9, 0.1] * 60),
        (["a", "b", "c"] * 40, ["a", "b", "c"] * 40, [0.9] * 120),
        ([1.5, 2.5] * 60, [1.5, 2.75] * 60, [0.9, 0.1] * 60),
        (["x", "y"] * 60, [1, 0] * 60, [0.9, 0.1] * 60),
        ([], [], []),
    ],
    ids=str,
)
def test_other_scores_are_left_alone(predictions, labels, column):
    paired = pair_up(predictions, labels)
    assert with_scores(paired, column, LabelForm()) is paired


def test_predicted_classes_do_not_become_scores_if_the_baseline_has_scores():
    p, predictions, labels = draw(4, (1, 0), (1, 0))
    baseline = learn_baseline(predictions, labels, scores=p.tolist())
    context = LabelledContext(None, predictions, labels, baseline, scores=[None] * N)
    area = {metric.metric: metric for metric in evaluate(context)}["roc_auc"]
    assert (area.verdict, area.value) == ("not_comparable", None)
