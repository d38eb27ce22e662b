"""Performance from labels."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np
import pytest
from scipy.stats import binomtest, fisher_exact

from bad_columns import CASES, INFINITE, WINDOW, check_finite
from modeltap.analysis.detectors import performance
from modeltap.analysis.detectors.performance import LabelledContext
from modeltap.analysis.explanations.explain import explained
from modeltap.analysis.model.baseline import Baseline, Task, infer_task
from modeltap.analysis.model.metric import Metric
from modeltap.analysis.references.performance_baseline import learn_baseline
from modeltap.errors import InputError

rng = np.random.default_rng(3)


def metrics_of(*said, **options):
    context = LabelledContext(*said, **options)
    return {m.metric: m for m in explained(performance.evaluate(context))}


def test_regression_errors_are_what_they_are_by_hand():
    """mae, rmse and bias of plain lists; pairs without a label are left out."""
    found = metrics_of("regression", [1.0, 2.0, 3.0, 9.0], [2, 2, 5, None], None, min_rows=3)
    assert found["mae"].value == pytest.approx(1.0) and found["mae"].rows == 3
    assert found["rmse"].value == pytest.approx(np.sqrt(5 / 3))
    assert found["bias"].value == pytest.approx(-1.0)
    assert found["mae"].verdict == "no_reference"


def test_a_growing_error_is_an_alert_that_tells_its_nature():
    """All of it bias, or not; the words say which."""
    truth = rng.normal(100, 20, size=500)
    baseline = learn_baseline(truth + rng.normal(0, 5, 500), truth, "regression")
    biased = metrics_of("regression", truth + 10 + rng.normal(0, 5, 500), truth, baseline)["mae"]
    noisy = metrics_of("regression", truth + rng.normal(0, 10, 500), truth, baseline)["mae"]
    assert biased.verdict == noisy.verdict == "alert"
    assert "nearly all of it bias" in biased.explanation and "too high" in biased.explanation
    assert "little bias" in noisy.explanation
    assert biased.strength > 2


def test_better_or_the_same_is_no_alert():
    """Only worse is news."""
    truth = rng.normal(size=500)
    baseline = learn_baseline(truth + rng.normal(0, 1, 500), truth, "regression")
    for spread in (0.1, 1.0):
        judged = metrics_of("regression", truth + rng.normal(0, spread, 500), truth, baseline)
        assert judged["mae"].verdict == "ok"


def test_classes_are_the_same_however_they_are_written():
    """1, 1.0 and "1"; true and True."""
    found = metrics_of("classification", [1, "1", 1.0, "true"], ["1", 1, 1, True], None, min_rows=4)
    assert found["accuracy"].value == 1.0


def test_f1_macro_shows_the_collapse_of_a_small_class():
    """Weighted by nothing: 95 right of 100, and one class lost."""
    truth = ["no"] * 95 + ["yes"] * 5
    found = metrics_of("classification", ["no"] * 100, truth, None)
    assert found["accuracy"].value == 0.95
    assert found["f1_macro"].value == pytest.approx((190 / 195 + 0) / 2)


def test_accuracy_that_fell_is_an_alert():
    """By more than chance and two points."""
    baseline = learn_baseline([1] * 940 + [0] * 60, [1] * 1000, "classification")
    judged = metrics_of("classification", [1] * 850 + [0] * 150, [1] * 1000, baseline)["accuracy"]
    assert judged.verdict == "alert"
    assert judged.explanation.startswith("accuracy went from 0.94 to 0.85 in 1,000 labelled rows")


def test_lengths_must_agree_and_shapes_never_broadcast():
    """(n,) against (m,) is an error with a clear line."""
    with pytest.raises(InputError, match="3 predictions and 2 labels"):
        performance.evaluate(LabelledContext("regression", [1, 2, 3], [1, 2], None))


def test_a_perfect_baseline_is_no_division_by_zero():
    """Zero error before, some error now: an alert, and finite."""
    baseline = learn_baseline([1.0] * 100, [1.0] * 100, "regression")
    judged = metrics_of("regression", [2.0] * 100, [1.0] * 100, baseline)["mae"]
    assert judged.verdict == "alert" and judged.strength == 2.0


@pytest.mark.parametrize("values", [np.ones((5, 1)), np.ones((5, 2))])
def test_a_second_dimension_is_a_clear_error(values):
    """NumPy would make (5, 5) errors of (5, 1) and (5,)."""
    for task in ("regression", "classification"):
        with pytest.raises(InputError, match=r"predictions of shape \(5, "):
            performance.evaluate(LabelledContext(task, values, np.ones(5), None))


def test_a_missing_label_is_no_class():
    """NaN and None pairs are left out."""
    found = metrics_of(
        "classification", [1, 2, float("nan"), 1], [1, 2, float("nan"), None], None, min_rows=2
    )
    assert found["accuracy"].rows == 2


def test_huge_values_and_empty_windows_give_no_infinity():
    """Squares beyond the floats, one row, none: no warning, no NaN."""
    for predictions in ([1e200] * 5, [1.0], []):
        labels = [-1e200] * len(predictions)
        for metric in performance.evaluate(
            LabelledContext("regression", predictions, labels, None, min_rows=1)
        ):
            assert metric.value is None or np.isfinite(metric.value)
    assert learn_baseline([1e200] * 40, [-1e200] * 40, "regression") is None


def test_learning_from_unequal_lengths_is_a_clear_error():
    """As judging them is."""
    with pytest.raises(InputError, match="40 predictions and 41 labels"):
        learn_baseline([1.0] * 40, [1.0] * 41, "regression")


def test_the_task_is_learnt_from_arrays_too():
    """NaN among classes, numbers of NumPy's making, integers beyond the floats."""
    assert infer_task([0.0, 1.0, float("nan")]) == "classification"
    assert infer_task(rng.normal(size=50)) == "regression"
    assert infer_task([10**400, 1.5]) == "regression"
    # A handful of whole numbers are classes only where predictions may be.
    assert infer_task([227, 131, None], [None, 220.4, 1.0]) == "regression"
    assert infer_task([1, 2], [float("nan"), float("inf"), 1.0]) == "classification"


def test_pairs_that_are_both_infinite_are_left_out():
    """Infinity less infinity is no error of a model."""
    record = learn_baseline([math.inf] * 60 + [1.0] * 60, [math.inf] * 60 + [2] * 60, "regression")
    found = performance.evaluate(
        LabelledContext(
            "regression", [math.inf, 1.0] * 100, [math.inf, 2.0] * 100, record, min_rows=50
        )
    )
    (mae,) = (metric for metric in found if metric.metric == "mae")
    assert (mae.rows, mae.value, mae.verdict) == (100, 1.0, "ok")


@pytest.mark.parametrize(
    ("before", "now"),
    [((1980, 2000), (96, 100)), ((1800, 2000), (430, 500)), ((49, 50), (90, 100))],
)
def test_accuracies_are_compared_by_fishers_exact_test(before, now):
    """SciPy's own; a z test says .018 where it says .004 or .006."""
    (right, rows), (right_now, n) = before, now
    baseline = learn_baseline([1] * right + [0] * (rows - right), [1] * rows, "classification")
    found = metrics_of(
        "classification", [1] * right_now + [0] * (n - right_now), [1] * n, baseline, min_rows=50
    )["accuracy"]
    table = [[n - right_now, right_now], [rows - right, right]]
    assert found.p_value == pytest.approx(fisher_exact(table, alternative="greater").pvalue)


def test_a_collapse_to_the_majority_is_found_though_accuracy_hardly_fell():
    """From .967 to .948: two points less, but one class in two is never predicted any more."""
    rng = np.random.default_rng(5)

    def labels(n):
        return (rng.random(n) < 0.052).astype(int)

    truth = labels(3000)
    noise = rng.random(3000)
    said = np.where(truth == 1, noise < 0.6, noise < 0.012).astype(int)
    baseline = learn_baseline(said, truth, "classification")
    assert baseline.mean == pytest.approx(0.967, abs=0.01)
    now = labels(1000)
    found = metrics_of("classification", [0] * 1000, now, baseline)
    assert found["accuracy"].value == pytest.approx(0.948, abs=0.01)
    assert found["f1_macro"].verdict == "alert"
    assert "no row is predicted '1' any more" in found["f1_macro"].explanation
    said = np.where(now == 1, rng.random(1000) < 0.6, rng.random(1000) < 0.012).astype(int)
    same = metrics_of("classification", said, now, baseline)
    assert (same["accuracy"].verdict, same["f1_macro"].verdict) == ("ok", "ok")


def answers(rng, n, right=0.9):
    """Return predictions and labels of two even classes."""
    truth = rng.integers(0, 2, n)
    return np.where(rng.random(n) < right, truth, 1 - truth), truth


@pytest.mark.parametrize("known", [True, False])
def test_predictions_that_are_the_opposite_are_called_so(known):
    """With a baseline, and without one: nobody has to know how good the model was."""
    rng = np.random.default_rng(6)
    baseline = learn_baseline(*answers(rng, 2000), "classification") if known else None
    found = metrics_of("classification", *answers(rng, 200, right=0.03), baseline)["accuracy"]
    assert found.verdict == "alert" and found.strength >= 2
    words = "predictions are the opposite of the labels, or ids are matched wrongly"
    assert words in found.explanation and "accuracy" in found.explanation


def test_predictions_that_say_nothing_of_the_labels_are_called_so():
    """Labels of other rows: as good as guessing. A hundred rows do not show it, 2,000 do."""
    rng = np.random.default_rng(7)
    found = metrics_of("classification", *answers(rng, 4000, right=0.5), None)["accuracy"]
    assert found.verdict == "alert"
    assert "predictions say nothing of the labels, or ids are matched wrongly" in found.explanation
    few = metrics_of("classification", *answers(rng, 100, right=0.5), None)["accuracy"]
    assert few.verdict == "no_reference"


@pytest.mark.parametrize("right", [0.6, 0.9, 1.0])
def test_a_model_that_knows_something_is_none_that_guesses(right):
    """Nor one that says 'no' of a rare event each time, and is right."""
    rng = np.random.default_rng(8)
    for _ in range(50):
        found = metrics_of("classification", *answers(rng, 1000, right), None)["accuracy"]
        assert found.verdict == "no_reference"
    rare = metrics_of("classification", [0] * 2000, rng.random(2000) < 0.01, None)["accuracy"]
    assert rare.verdict == "no_reference"


def test_a_baseline_that_leaves_no_room_is_no_comparison():
    """Right in 8 of 100, of a hundred classes: better than guessing, and no fall can be told."""
    names = [f"c{n}" for n in range(100)]
    said = names[:8] + names[9:] + names[8:9]
    baseline = learn_baseline(said, names, "classification")
    found = metrics_of("classification", said, names, baseline)["accuracy"]
    assert found.verdict == "not_comparable" and found.threshold is None


def test_ids_that_are_matched_wrongly_are_an_alert_even_if_they_always_were():
    """Of a thousand classes none is right, in the reference neither."""
    names = [f"c{n}" for n in range(1000)]
    said = names[1:] + names[:1]
    baseline = learn_baseline(said, names, "classification")
    for known in (None, baseline):
        found = metrics_of("classification", said, names, known)["accuracy"]
        assert found.verdict == "alert" and "ids are matched wrongly" in found.explanation


@pytest.mark.slow
@pytest.mark.parametrize("right", [0.6, 0.9, 0.99])
@pytest.mark.parametrize("n", [100, 500, 2000])
def test_a_window_like_the_reference_has_no_alert(right, n):
    """Accuracy and F1 together: not above a tenth of a window's level by an exact test."""
    rng = np.random.default_rng(n)
    alarms = 0
    for _ in range(400):
        baseline = learn_baseline(*answers(rng, 1000, right), "classification")
        found = metrics_of("classification", *answers(rng, n, right), baseline)
        alarms += any(one.verdict == "alert" for one in found.values())
    assert binomtest(alarms, 400, 0.0009, alternative="greater").pvalue > 0.001


Found = Iterable[Metric]


TRUTH = np.random.default_rng(8).normal(100, 20, size=2 * WINDOW).tolist()

CLASSES = ["a"] * WINDOW + ["b"] * (WINDOW // 3) + ["a"] * (WINDOW - WINDOW // 3)


def missing(case: str) -> list[Any]:
    """Return a case's values; a prediction or label that is absent is None."""
    values = CASES[case]
    return [None] * WINDOW if values is None else values


def record(task: Task) -> Baseline:
    noise = np.random.default_rng(9).normal(0, 5, size=len(TRUTH))
    right = ["a"] * (2 * WINDOW - 60) + ["b"] * 60
    found = (
        learn_baseline((np.array(TRUTH) + noise).tolist(), TRUTH, task)
        if task == "regression"
        else learn_baseline(right, ["a"] * 2 * WINDOW, task)
    )
    assert found is not None
    return found


@pytest.mark.parametrize("case", CASES)
def test_bad_predictions_leave_the_error_of_the_others(case):
    """Half of a window's are bad; that the other half are 10 too high is found."""
    biased = (np.array(TRUTH[WINDOW:]) + 10).tolist()
    found = performance.evaluate(
        LabelledContext("regression", missing(case) + biased, TRUTH, record("regression"))
    )
    check_finite(found)
    if case != "one 1e12":  # its own spread is that of all the others
        assert found[0].verdict == "alert" and found[0].rows >= WINDOW


@pytest.mark.parametrize("case", CASES)
def test_bad_labels_leave_the_error_of_the_others(case):
    """And the other way round: where half of the labels are bad."""
    biased = (np.array(TRUTH) + 10).tolist()
    found = performance.evaluate(
        LabelledContext("regression", biased, missing(case) + TRUTH[WINDOW:], record("regression"))
    )
    check_finite(found)
    if case != "one 1e12":
        assert found[0].verdict == "alert" and found[0].rows >= WINDOW


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("bad", ["predictions", "labels"])
def test_bad_classes_leave_the_accuracy_of_the_others(case, bad):
    """A third of the good half are wrong: that is found, whatever the bad half is."""
    said, right = missing(case) + CLASSES[WINDOW:], ["a"] * 2 * WINDOW
    pair = (said, right) if bad == "predictions" else (right, said)
    found = performance.evaluate(LabelledContext("classification", *pair, record("classification")))
    check_finite(found)
    assert found[0].metric == "accuracy" and found[0].verdict == "alert"
    assert found[0].rows >= WINDOW


@pytest.mark.parametrize("case", [case for case in CASES if case not in INFINITE])
def test_bad_values_on_both_sides_are_survived(case):
    """Learnt from and judged, as numbers and as classes; and asked what they are."""
    values = missing(case)
    assert infer_task(values, values) in ("regression", "classification")
    for task in ("regression", "classification"):
        learnt = learn_baseline(values, values, task)
        for baseline in (learnt, record(task)):
            check_finite(performance.evaluate(LabelledContext(task, values, values, baseline)))
