"""Differences that need no labels: agreement, distributions, response times."""

from __future__ import annotations

import math

import numpy as np
import pytest

from modeltap.analysis.performance.positive_class import LabelForm
from modeltap.comparison.differences.prediction_differences import (
    prediction_differences,
    response_differences,
)


def by_name(rows):
    return {(row.metric, row.segment): row for row in rows}


def test_classes_agree_in_any_spelling():
    current = ["yes", "no"] * 500
    candidate = ["YES", "no"] * 450 + ["no", "no"] * 50
    rows = by_name(prediction_differences(current, candidate))
    agreement = rows["agreement", None]
    assert agreement.candidate == 0.95 and agreement.low < 0.95 < agreement.high
    rate = rows["prediction_rate", "class=yes"]
    assert (rate.current, rate.candidate) == (0.5, 0.45) and rate.high < 0
    assert 0 < rows["prediction_js", None].candidate < 0.2
    assert {row.verdict for row in rows.values()} == {"not_shown"}


def test_numbers_have_a_distance_and_means():
    rng = np.random.default_rng(1)
    current = rng.normal(100, 10, 2000)
    rows = by_name(prediction_differences(current.tolist(), (current + 5).tolist()))
    assert rows["absolute_difference", None].candidate == pytest.approx(5)
    assert rows["prediction_mean", None].difference == pytest.approx(5)
    assert 0.1 < rows["prediction_js", None].candidate < 0.4
    assert ("agreement", None) not in rows


def test_scores_agree_on_the_side_of_the_threshold():
    current, candidate = [0.1, 0.4, 0.6, 0.9] * 100, [0.2, 0.6, 0.7, 0.8] * 100
    rows = by_name(prediction_differences(current, candidate, task="classification"))
    assert rows["agreement", None].candidate == 0.75
    strict = prediction_differences(current, candidate, form=LabelForm(None, 0.65))
    assert by_name(strict)["agreement", None].candidate == 0.75
    assert strict[0].high <= 1


@pytest.mark.parametrize("task", [None, "classification"])
@pytest.mark.parametrize(
    ("yes", "no", "form"),
    [
        (1, 0, LabelForm()),
        (True, False, LabelForm(None, 0.3)),
        ("yes", "no", LabelForm()),
        ("1", "0", LabelForm()),
        ("fraud", "legit", LabelForm("fraud", 0.6)),
    ],
)
def test_scores_of_one_model_are_cut_into_the_classes_of_the_other(task, yes, no, form):
    rng = np.random.default_rng(4)
    scores = rng.random(500).round(3).tolist()
    classes = rng.random(500) < 0.5
    names = [yes if positive else no for positive in classes]
    equal = np.mean((np.array(scores) >= form.decision_threshold) == classes)
    for sides in ((scores, names), (names, scores)):
        rows = by_name(prediction_differences(*sides, task=task, form=form))
        assert rows["agreement", None].candidate == pytest.approx(equal)
        rates = [row for (metric, _), row in rows.items() if metric == "prediction_rate"]
        assert len(rates) == 2 and sum(row.current for row in rates) == pytest.approx(1)


@pytest.mark.parametrize("others", [["fraud", "legit"] * 50, ["a", "b", "c", "a"] * 25])
def test_scores_of_an_unknown_class_are_not_cut(others):
    rows = by_name(prediction_differences([0.25, 0.75] * 50, others))
    assert ("agreement", None) not in rows


def test_numbers_between_zero_and_one_are_not_cut():
    current, candidate = [0.25, 0.75] * 50, [1, 0] * 50
    rows = by_name(prediction_differences(current, candidate, task="regression"))
    assert rows["absolute_difference", None].candidate == pytest.approx(0.75)


def test_equal_predictions_agree_with_an_interval():
    rows = by_name(prediction_differences(["a", "b"] * 200, ["a", "b"] * 200))
    assert rows["agreement", None].candidate == 1 and 0.9 < rows["agreement", None].low < 1
    assert rows["prediction_js", None].candidate == 0


@pytest.mark.parametrize(
    ("current", "candidate"),
    [([], []), ([None], [1]), ([1.5, 2.5], ["cat", "dog"]), ([math.nan], [1.0])],
)
def test_nothing_comparable_gives_no_row(current, candidate):
    assert prediction_differences(current, candidate) == []


def test_different_rows_have_no_agreement():
    rows = by_name(prediction_differences(["a"] * 300, ["a"] * 100 + ["b"] * 100, paired=False))
    assert ("agreement", None) not in rows
    assert rows["prediction_rate", "class=a"].difference == -0.5
    assert rows["prediction_rate", "class=a"].rows == 500


def test_response_times_are_percentiles_without_a_verdict():
    rows = by_name(response_differences([(float(n), 2.0 * n) for n in range(1, 101)]))
    half = rows["latency_p50_ms", None]
    assert (half.current, half.candidate, half.verdict) == (50.5, 101.0, "not_shown")
    assert set(rows) == {(f"latency_p{p}_ms", None) for p in (50, 95, 99)}
    assert response_differences([]) == []
