"""The model's performance in its reference, if enough rows have both values."""

from __future__ import annotations

import numpy as np
import pytest

from modeltap.analysis.model.baseline import pooled_baseline
from modeltap.analysis.performance.evaluation import evaluate
from modeltap.analysis.performance.labelled import LabelledContext
from modeltap.analysis.references.performance_baseline import Times, learn_baseline
from modeltap.errors import InputError


def test_errors_are_absolute_and_bias_has_a_sign():
    rng = np.random.default_rng(0)
    labels = rng.normal(10, 3, size=500)
    predictions = labels + 1 + rng.normal(size=500)
    result = learn_baseline(predictions.tolist(), labels.tolist())
    errors = predictions - labels
    assert (result.task, result.rows) == ("regression", 500)
    assert result.mean == pytest.approx(np.abs(errors).mean())
    assert result.bias == pytest.approx(errors.mean()) and result.bias == pytest.approx(1, abs=0.2)
    assert result.variance == pytest.approx(np.abs(errors).var(ddof=1))


def test_accuracy_is_of_the_rows_with_both_values():
    result = learn_baseline(["a"] * 40 + [None] * 9 + ["b"] * 10, ["a"] * 50 + [None] * 9)
    assert (result.task, result.rows) == ("classification", 41)
    assert result.mean == pytest.approx(40 / 41)
    assert result.variance == pytest.approx(result.mean * (1 - result.mean))


@pytest.mark.parametrize(
    ("predictions", "labels"),
    [
        (None, [1.5] * 99),
        ([1.5] * 99, [None] * 99),
        ([1.5] * 29, [2.5] * 29),
        (["a"] * 29, ["a"] * 29),
    ],
)
def test_nothing_is_learnt_from_too_few_rows(predictions, labels):
    assert learn_baseline(predictions, labels) is None


def test_columns_of_different_lengths_are_an_error():
    with pytest.raises(InputError, match=r"\d"):
        learn_baseline([1.5] * 40, [1.5] * 41)


HOUR, DAY = 3600.0, 86_400.0


def week(rng, right_at, rows=40, days=7):
    """Return predictions, labels and times of `rows` an hour; `right_at` is each hour's rate."""
    hours = np.repeat(np.arange(24 * days), rows)
    truth = rng.integers(0, 2, len(hours))
    right = rng.random(len(hours)) < np.array([right_at(hour) for hour in hours.tolist()])
    moments = hours * HOUR + rng.uniform(0, HOUR, len(hours))
    times = Times(moments, np.floor(moments / HOUR) * HOUR)
    return np.where(right, truth, 1 - truth).tolist(), truth.tolist(), times


def nights(hour):
    return 0.8 if hour % 24 < 6 else 0.95


def test_hours_that_differ_have_their_own_baselines():
    """If they do not differ, all rows together are the more exact comparison."""
    rng = np.random.default_rng(1)
    predicted, labels, times = week(rng, nights)
    result = learn_baseline(predicted, labels, "classification", times)
    assert set(result.hours) == set(range(24))
    assert result.at(frozenset({2}), 100).mean == pytest.approx(0.8, abs=0.05)
    assert result.at(frozenset({14}), 100).mean == pytest.approx(0.95, abs=0.03)
    assert result.at(frozenset(), 100) is result and result.at(frozenset(range(24)), 100) is result
    even = learn_baseline(*week(rng, lambda _: 0.9)[:2], "classification", times)
    assert even.hours == {} and even.at(frozenset({2}), 100) is even


def test_hours_are_pooled_with_neighbours_until_they_have_enough_rows():
    rng = np.random.default_rng(2)
    predicted, labels, times = week(rng, nights, rows=5)
    result = learn_baseline(predicted, labels, "classification", times)
    assert result.at(frozenset({23}), 35).rows == 35
    near = result.at(frozenset({23}), 100)
    assert near.rows == 105
    assert near.counts.keys() <= result.counts.keys()


def test_pooled_parts_equal_the_whole_baseline():
    """For classes and for errors, including bias and moments."""
    rng = np.random.default_rng(3)
    _, _, times = week(rng, nights)
    n = len(times.moments)
    noise = np.where(times.moments % DAY < 6 * HOUR, 3.0, 1.0) * rng.normal(size=n) + 0.5
    labels = rng.normal(size=n)
    for predicted, truth, task in (
        ((labels + noise).tolist(), labels.tolist(), "regression"),
        (*week(rng, nights)[:2], "classification"),
    ):
        whole = learn_baseline(predicted, truth, task, times)
        joined = pooled_baseline([whole.hours[hour] for hour in sorted(whole.hours)])
        assert joined.pairs == whole.pairs
        assert (joined.rows, joined.mean, joined.variance, joined.bias, joined.third) == (
            pytest.approx((whole.rows, whole.mean, whole.variance, whole.bias, whole.third))
        )


@pytest.mark.parametrize("task", ["classification", "regression"])
def test_chance_does_not_count_as_variation(task):
    """56 blocks of the same rows hardly raise the floor."""
    losses = []
    for seed in range(20):
        rng = np.random.default_rng(seed)
        predicted, labels, times = week(rng, lambda _: 0.9)
        if task == "regression":
            predicted, labels = rng.normal(size=len(predicted)).tolist(), [0.0] * len(predicted)
        result = learn_baseline(predicted, labels, task, times)
        floor = 0.02 if task == "classification" else 0.1 * result.mean
        losses.append(result.baseline_loss / floor)
    assert np.median(losses) == 0 and max(losses) < 2


def test_days_that_vary_raise_the_floor():
    """Each third day is ten points worse, so an equally bad later window is normal."""
    rng = np.random.default_rng(4)
    predicted, labels, times = week(rng, lambda hour: 0.8 if hour // 24 % 3 == 2 else 0.9, rows=100)
    result = learn_baseline(predicted, labels, "classification", times)
    assert 0.05 < result.baseline_loss < 0.12
    truth = rng.integers(0, 2, 500)
    bad = np.where(rng.random(500) < 0.82, truth, 1 - truth)
    accuracy = evaluate(LabelledContext("classification", bad, truth, result))[0]
    assert accuracy.verdict == "ok" and accuracy.p_value < 0.001


def test_a_bad_day_alerts_and_a_night_that_is_always_worse_does_not():
    """The same accuracy at night and at noon; the rows of all hours would detect neither."""
    rng = np.random.default_rng(5)
    result = learn_baseline(*week(rng, nights)[:2], "classification", week(rng, nights)[2])
    truth = rng.integers(0, 2, 400)
    predicted = np.where(rng.random(400) < 0.8, truth, 1 - truth)
    verdicts = {
        hour: evaluate(
            LabelledContext("classification", predicted, truth, result, hours=frozenset({hour}))
        )[0].verdict
        for hour in (2, 14)
    }
    assert verdicts == {2: "ok", 14: "alert"}


def test_pairs_of_many_classes_are_not_kept():
    names = [f"c{n % 40}" for n in range(400)]
    assert learn_baseline(names, names).pairs == ()
    assert len(learn_baseline(["a", "b"] * 50, ["a", "a"] * 50).pairs) == 2


def test_a_baseline_is_complete_if_almost_all_rows_have_labels():
    assert learn_baseline([1, 0] * 100, [1, 0] * 96 + [None] * 8).complete
    assert not learn_baseline([1, 0] * 100, [1, 0] * 60 + [None] * 80).complete
