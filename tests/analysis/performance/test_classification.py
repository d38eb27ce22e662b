"""Accuracy and macro F1: their values and their alerts."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binomtest, fisher_exact

from modeltap.analysis.explanations.explain import explained
from modeltap.analysis.performance import evaluation as performance
from modeltap.analysis.performance.labelled import LabelledContext
from modeltap.analysis.references.performance_baseline import learn_baseline


def metrics_of(*predicted, **options):
    context = LabelledContext(*predicted, **options)
    return {m.metric: m for m in explained(performance.evaluate(context))}


def test_f1_macro_shows_the_collapse_of_a_small_class():
    """Unweighted: 95 of 100 correct, and one class lost."""
    truth = ["no"] * 95 + ["yes"] * 5
    result = metrics_of("classification", ["no"] * 100, truth, None)
    assert result["accuracy"].value == 0.95
    assert result["f1_macro"].value == pytest.approx((190 / 195 + 0) / 2)


def test_accuracy_that_fell_is_an_alert():
    """By more than chance and two points."""
    baseline = learn_baseline([1] * 940 + [0] * 60, [1] * 1000, "classification")
    judged = metrics_of("classification", [1] * 850 + [0] * 150, [1] * 1000, baseline)["accuracy"]
    assert judged.verdict == "alert"
    assert judged.explanation.startswith("accuracy went from 0.94 to 0.85 in 1,000 labelled rows")


@pytest.mark.parametrize(
    ("before", "now"),
    [((1980, 2000), (96, 100)), ((1800, 2000), (430, 500)), ((49, 50), (90, 100))],
)
def test_accuracies_are_compared_by_fishers_exact_test(before, now):
    """SciPy's own; a z test gives 0.018 instead of 0.004 or 0.006."""
    (right, rows), (right_now, n) = before, now
    baseline = learn_baseline([1] * right + [0] * (rows - right), [1] * rows, "classification")
    result = metrics_of(
        "classification", [1] * right_now + [0] * (n - right_now), [1] * n, baseline, min_rows=50
    )["accuracy"]
    table = [[n - right_now, right_now], [rows - right, right]]
    assert result.p_value == pytest.approx(fisher_exact(table, alternative="greater").pvalue)


def test_a_collapse_to_the_majority_is_detected_even_if_accuracy_hardly_fell():
    """From .967 to .948: two points less, but one of two classes is no longer predicted."""
    rng = np.random.default_rng(5)

    def labels(n):
        return (rng.random(n) < 0.052).astype(int)

    truth = labels(3000)
    noise = rng.random(3000)
    predicted = np.where(truth == 1, noise < 0.6, noise < 0.012).astype(int)
    baseline = learn_baseline(predicted, truth, "classification")
    assert baseline.mean == pytest.approx(0.967, abs=0.01)
    now = labels(1000)
    result = metrics_of("classification", [0] * 1000, now, baseline)
    assert result["accuracy"].value == pytest.approx(0.948, abs=0.01)
    assert result["f1_macro"].verdict == "alert"
    assert "class '1' is no longer predicted" in result["f1_macro"].explanation
    predicted = np.where(now == 1, rng.random(1000) < 0.6, rng.random(1000) < 0.012).astype(int)
    same = metrics_of("classification", predicted, now, baseline)
    assert (same["accuracy"].verdict, same["f1_macro"].verdict) == ("ok", "ok")


def answers(rng, n, right=0.9):
    """Return predictions and labels of two even classes."""
    truth = rng.integers(0, 2, n)
    return np.where(rng.random(n) < right, truth, 1 - truth), truth


@pytest.mark.parametrize("known", [True, False])
def test_reversed_predictions_are_reported_as_reversed(known):
    """With and without a baseline: the model's former performance need not be known."""
    rng = np.random.default_rng(6)
    baseline = learn_baseline(*answers(rng, 2000), "classification") if known else None
    result = metrics_of("classification", *answers(rng, 200, right=0.03), baseline)["accuracy"]
    assert result.verdict == "alert" and result.strength >= 2
    words = "predictions are the opposite of the labels, or ids are mismatched"
    assert words in result.explanation and "accuracy" in result.explanation


def test_uninformative_predictions_are_reported_as_guesses():
    """Labels of other rows are as good as guessing; 2,000 rows show it, a hundred do not."""
    rng = np.random.default_rng(7)
    result = metrics_of("classification", *answers(rng, 4000, right=0.5), None)["accuracy"]
    assert result.verdict == "alert"
    assert "predictions are unrelated to the labels, or ids are mismatched" in result.explanation
    few = metrics_of("classification", *answers(rng, 100, right=0.5), None)["accuracy"]
    assert few.verdict == "no_reference"


@pytest.mark.parametrize("right", [0.6, 0.9, 1.0])
def test_an_informative_model_is_not_reported_as_guessing(right):
    """Nor a model that always predicts 'no' for a rare event, correctly."""
    rng = np.random.default_rng(8)
    for _ in range(50):
        result = metrics_of("classification", *answers(rng, 1000, right), None)["accuracy"]
        assert result.verdict == "no_reference"
    rare = metrics_of("classification", [0] * 2000, rng.random(2000) < 0.01, None)["accuracy"]
    assert rare.verdict == "no_reference"


def test_a_baseline_without_room_for_an_alert_is_not_compared():
    """8 of 100 correct among a hundred classes: better than guessing, but without room to fall."""
    names = [f"c{n}" for n in range(100)]
    predicted = names[:8] + names[9:] + names[8:9]
    baseline = learn_baseline(predicted, names, "classification")
    result = metrics_of("classification", predicted, names, baseline)["accuracy"]
    assert result.verdict == "not_comparable" and result.threshold is None


def test_wrongly_matched_ids_alert_even_if_they_always_were():
    """None of a thousand classes is predicted correctly, not even in the reference."""
    names = [f"c{n}" for n in range(1000)]
    predicted = names[1:] + names[:1]
    baseline = learn_baseline(predicted, names, "classification")
    for known in (None, baseline):
        result = metrics_of("classification", predicted, names, known)["accuracy"]
        assert result.verdict == "alert" and "ids are mismatched" in result.explanation


@pytest.mark.slow
@pytest.mark.parametrize("right", [0.6, 0.9, 0.99])
@pytest.mark.parametrize("n", [100, 500, 2000])
def test_a_window_like_the_reference_has_no_alert(right, n):
    """Accuracy and F1 together stay within a tenth of a window's level, by an exact test."""
    rng = np.random.default_rng(n)
    alarms = 0
    for _ in range(400):
        baseline = learn_baseline(*answers(rng, 1000, right), "classification")
        result = metrics_of("classification", *answers(rng, n, right), baseline)
        alarms += any(measured.verdict == "alert" for measured in result.values())
    assert binomtest(alarms, 400, 0.0009, alternative="greater").pvalue > 0.001
